"""Before labels: estimates from calibrated scores, and early signs."""
