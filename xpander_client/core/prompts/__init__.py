"""A task as what a model is given."""
