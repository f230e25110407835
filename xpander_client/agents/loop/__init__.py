"""What happens in one call of a task, as steps: no I/O, no clock, no threads."""
