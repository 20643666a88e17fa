"""Programs for people: run everything, test everything, keep it going."""
