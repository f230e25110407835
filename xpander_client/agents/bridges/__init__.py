"""Tasks of agents for other doors: platform tasks, workers, plugins and other agents."""
