"""The REST routes that the official documentation shows, beside those of the clients."""
