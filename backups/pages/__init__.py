"""The pages of backups and databases: they parse, call one verb, and answer."""
