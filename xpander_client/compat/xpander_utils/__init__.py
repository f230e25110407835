"""What `xpander_utils` has, for programs written for it."""
