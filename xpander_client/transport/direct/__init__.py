"""HTTP/1.1 for the direct wires: requests, answers, idle connections, and no HTTP library."""
