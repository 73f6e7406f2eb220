"""The best list for a budget: whom each action goes to, what that should earn, and why everybody is in or out."""
