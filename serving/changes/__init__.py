"""What was told of each customer last, and what has changed since: for the feed, the webhook and the pages."""
