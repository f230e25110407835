"""The tools of an agent: described for models, called, and run."""
