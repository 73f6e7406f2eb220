"""Is the data sound? Contract of each column, and how the log arrives."""
