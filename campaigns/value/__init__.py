"""What customers are worth: expected margin with its interval, tiers, who may become worth more, value by channel."""
