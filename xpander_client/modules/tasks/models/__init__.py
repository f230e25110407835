"""What `xpander_sdk.modules.tasks.models` has, for programs written for it."""
