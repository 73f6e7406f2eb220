"""How often a caller may ask: limits that the workers of a service share, and a brake on those without a key."""
