"""One executable for each line of an issue's acceptance list. Each prints what it saw."""
