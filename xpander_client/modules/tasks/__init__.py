"""What `xpander_sdk.modules.tasks` has, for programs written for it."""
