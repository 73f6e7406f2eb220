"""Who gets which offer: whether groups fare alike, and whether a price follows from what a model predicts."""
