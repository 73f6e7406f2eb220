"""The pages of a run: one folder of HTML, no script, nothing from outside."""
