"""The agent: one camera, watched on a Pi Zero 2W or simulated on a laptop."""
