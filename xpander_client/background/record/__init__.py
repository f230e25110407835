"""The platform's record of a plugin's tasks."""
