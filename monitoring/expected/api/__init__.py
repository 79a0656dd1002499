"""The documented HTTP API of expected backups. Views parse, call one verb, and answer."""
