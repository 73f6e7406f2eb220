"""Buy-till-you-die models: BG/NBD and Pareto/NBD, rivals that know only when a customer came. Start at `rival`."""
