"""What `xpander_sdk.modules` has, for programs written for it."""
