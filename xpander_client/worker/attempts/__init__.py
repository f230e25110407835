"""One try at one task: its handler, its events, its record and its end."""
