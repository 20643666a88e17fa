"""Labelled scenes for the motion detector: what moves, and when, is known because we drew it."""
