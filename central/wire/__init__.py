"""Wire: what agents already in the field say and are told, projected from the hub's own truth."""
