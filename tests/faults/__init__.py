"""Power cuts and other ends of the world, made on purpose."""
