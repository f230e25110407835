"""What `xpander_sdk.modules.agents.sub_modules` has, for programs written for it."""
