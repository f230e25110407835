"""Import paths of the official client, for programs that were written for it."""
