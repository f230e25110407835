"""What handlers that use the framework agno get from the platform."""
