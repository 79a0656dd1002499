"""The pages of restores: the list, the way from a backup to a new database, one restore."""
