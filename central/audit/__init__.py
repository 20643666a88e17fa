"""Audit: who did what, when and from where. Appended to, searched, exported; never changed."""
