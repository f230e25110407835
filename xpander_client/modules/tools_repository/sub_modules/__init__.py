"""What `xpander_sdk.modules.tools_repository.sub_modules` has, for programs written for it."""
