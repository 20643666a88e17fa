"""The database: its shape and how to talk to it. Knows nothing of what rows mean."""
