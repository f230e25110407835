"""The connection between a worker and the platform."""
