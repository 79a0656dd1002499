"""The documented HTTP API of file monitoring. Views parse, call one selector, and answer."""
