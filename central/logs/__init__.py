"""Logs: the lines of hub, jobs and agents in one place, in one order."""
