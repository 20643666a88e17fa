"""Which Gatehouse this is."""

VERSION = "0.1.0"
