"""Who can be saved: models of what an action changes, trained where chance decided who was treated; ADR 0047."""
