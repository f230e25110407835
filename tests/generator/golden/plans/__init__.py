"""What each operation sends: plans, made from a call's arguments without any I/O."""
