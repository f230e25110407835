"""What `xpander_sdk.modules.agents` has, for programs written for it."""
