"""Loops, threads and the server in this process, as every room needs them."""
