"""Saved segments and the RFM grid: who is in them as of an instant, and how they changed over months."""
