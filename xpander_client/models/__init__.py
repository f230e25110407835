"""What `xpander_sdk.models` has, for programs written for it."""
