"""The catalogue of actions: who each is for, what it would earn with each customer, and which is recommended."""
