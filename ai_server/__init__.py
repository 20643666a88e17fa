"""The AI server: claims events and describes their stills. Speaks REST to the hub, nothing else."""
