"""What monitoring reads, in bounded memory: rows of now and answers."""
