"""Who is due on a day, whatever any budget says: birthdays, holidays, thanks, follow-ups, what is about to lapse."""
