"""Models: how one is reached, asked and read."""
