"""Import paths of the official client."""
