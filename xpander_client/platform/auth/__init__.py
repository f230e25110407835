"""Who calls, what the key allows, and how often."""
