"""Ways to run a platform: inside a program, as a process, or as many."""
