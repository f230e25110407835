"""Functions as tools: what a model is told that they take, and arguments made of what it wrote."""
