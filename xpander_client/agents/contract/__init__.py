"""What the signature of a task promises, and holding calls and results to it."""
