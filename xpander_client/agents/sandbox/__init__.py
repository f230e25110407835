"""Where agent code runs, and what crosses its border."""
