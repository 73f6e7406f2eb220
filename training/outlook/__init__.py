"""What a model learns to say beyond its probability. Start reading at learn.py."""
