"""What every engine does alike: the interface, and the writes."""
