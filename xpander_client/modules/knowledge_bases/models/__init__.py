"""What `xpander_sdk.modules.knowledge_bases.models` has, for programs written for it."""
