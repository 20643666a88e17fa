"""Backup: the database in dated folders, made while the house runs, put back with a check."""
