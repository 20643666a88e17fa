"""The share: the one folder that agents and hub both know."""
