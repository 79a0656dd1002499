"""The documented HTTP API of backups. Views parse, call one verb or selector, and answer."""
