"""How far campaigns bend what models learn from. Start reading at `campaigns.learning.bend`."""
