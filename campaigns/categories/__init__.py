"""Which categories to offer to whom, simply, and whether that beats offering everybody what is popular."""
