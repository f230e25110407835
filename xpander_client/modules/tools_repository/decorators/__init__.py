"""What `xpander_sdk.modules.tools_repository.decorators` has, for programs written for it."""
