"""What `xpander_sdk.modules.tasks.sub_modules` has, for programs written for it."""
