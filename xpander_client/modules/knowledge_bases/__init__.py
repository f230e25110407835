"""What `xpander_sdk.modules.knowledge_bases` has, for programs written for it."""
