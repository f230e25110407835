"""What `xpander_sdk.modules.knowledge_bases.sub_modules` has, for programs written for it."""
