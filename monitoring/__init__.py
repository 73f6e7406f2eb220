"""Is the data sound, has the world moved, does the model hold, what to do? Reads what the other stages wrote."""
