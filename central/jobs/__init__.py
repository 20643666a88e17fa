"""Jobs: what the house does by itself, and when. Jobs only tick; the work stands elsewhere."""
