"""Changes: hints for pages and streams that something is new. Hints, never the data itself."""
