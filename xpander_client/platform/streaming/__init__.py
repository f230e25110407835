"""Events on their way to those who follow: read once, encoded once, sent to all."""
