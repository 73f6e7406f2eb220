"""API keys made by `churn keys`: their form, the file they are kept in, and what a worker knows of them."""
