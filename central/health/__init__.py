"""Health: can the hub serve? Answered from a probe that runs beside, never from the request."""
