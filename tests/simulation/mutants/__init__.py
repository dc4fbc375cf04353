"""Every guard of the code removed once; the simulator must notice each time."""
