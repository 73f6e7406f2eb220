"""How far the reasons of a model can be trusted. Start reading at `training.reasons.report`."""
