"""What to do about whom, what it is worth, and what it did: actions, plans, hold-outs, effects."""
