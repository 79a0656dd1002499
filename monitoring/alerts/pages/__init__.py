"""Pages of alerts and their channels."""
