"""HTTP itself: what may come in, what goes out when it fails, and who may act for whom."""
