"""What `xpander_sdk.modules.events.models` has, for programs written for it."""
