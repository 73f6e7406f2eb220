"""Who is told: webhook, e-mail, and what keeps them few."""
