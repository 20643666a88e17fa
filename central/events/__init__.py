"""Events: what happened in front of a camera, and the files that prove it."""
