"""What `xpander_utils.sdk` has, for programs written for it."""
