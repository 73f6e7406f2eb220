"""`python -m cli` is `churn`."""

from cli.main import main

main()
