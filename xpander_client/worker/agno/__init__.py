"""What a handler gets of the platform for the framework agno."""
