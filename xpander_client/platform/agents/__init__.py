"""The agents that tasks are for, and the tools that the platform runs for them."""
