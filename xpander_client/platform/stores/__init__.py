"""Where a platform keeps what it knows: what it asks of a store, and the engines that do it."""
