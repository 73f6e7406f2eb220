"""Has the world moved? Reference, quiet past, shift of features and scores, joint drift."""
