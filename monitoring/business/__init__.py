"""How the business stands: retention, lifecycle, value, forecast."""
