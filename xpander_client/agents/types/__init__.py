"""What passes between an agent and those who watch it: events, tokens, messages and errors."""
