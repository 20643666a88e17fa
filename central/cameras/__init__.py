"""Cameras: which there are, what they are called, when they were last heard of."""
