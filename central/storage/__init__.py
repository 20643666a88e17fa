"""Storage: what is kept how long, and that the database and the share say the same."""
