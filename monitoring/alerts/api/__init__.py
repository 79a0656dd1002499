"""The documented HTTP API of alerts. Views parse, call one verb, and answer."""
