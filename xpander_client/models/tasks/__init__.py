"""What `xpander_sdk.models.tasks` has, for programs written for it."""
