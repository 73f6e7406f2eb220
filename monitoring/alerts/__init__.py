"""Who is told of a verdict: each alarm once while it lasts, again when it gets worse, once when it is over."""
