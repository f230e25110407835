"""What `xpander_sdk.modules.events` has, for programs written for it."""
