"""Campaigns as other systems and people see them: what was planned, whom to contact, what it did. Reads files."""
