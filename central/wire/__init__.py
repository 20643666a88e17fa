"""What agents in the field say and are told: projections of our own truth, never a second one."""
