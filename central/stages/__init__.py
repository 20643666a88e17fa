"""Stages: the work queue. What must still be done with an event, by whom, how often tried."""
