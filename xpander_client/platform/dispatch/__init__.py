"""Which worker gets which task, and what happens when a worker is lost."""
