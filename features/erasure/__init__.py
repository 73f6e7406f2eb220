"""Forgetting customers: who may not come back (`is_forgotten`), and how each store of ours drops their rows."""

from features.erasure.forgotten import Forgotten, is_forgotten

__all__ = ["Forgotten", "is_forgotten"]
