"""Agent code as the interpreter runs it: usual Python that it lacks, written with functions."""
