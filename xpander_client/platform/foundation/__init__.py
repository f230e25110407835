"""What every room of the platform stands on: settings, clock, errors, ids and figures."""
