"""What `xpander_sdk.modules.agents.models` has, for programs written for it."""
