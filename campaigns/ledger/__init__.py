"""What was planned for whom, whom chance held out, and what became of both sides."""
