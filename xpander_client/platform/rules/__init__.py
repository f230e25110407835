"""What becomes of tasks and threads, as pure functions over records."""
