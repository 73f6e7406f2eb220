"""Live events: an inbox that loses nothing, fresh rows at once, and compaction into the event log."""
