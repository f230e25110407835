"""A task and an agent as what a model is given."""
