"""State in a directory, shared by all processes that use it."""
