"""What `xpander_sdk.modules.backend.decorators` has, for programs written for it."""
