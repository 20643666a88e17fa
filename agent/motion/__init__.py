"""Motion: is something that matters moving, where, and since when? Pure; numpy only."""
