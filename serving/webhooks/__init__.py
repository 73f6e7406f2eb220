"""Outgoing webhooks: other systems are told of each change of stage or band, signed, at least once."""
