"""What handlers that use a framework for agents get from the platform."""
