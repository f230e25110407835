"""What each operation sends: request specs, made of the arguments of a call without any I/O."""
