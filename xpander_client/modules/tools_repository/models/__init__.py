"""What `xpander_sdk.modules.tools_repository.models` has, for programs written for it."""
