"""What `xpander_sdk.modules.tools_repository` has, for programs written for it."""
