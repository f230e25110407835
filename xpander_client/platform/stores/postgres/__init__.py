"""The store on PostgreSQL, for any number of servers. Needs the extra `[postgres]`."""
