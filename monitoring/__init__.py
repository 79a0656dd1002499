"""What is going on: tracked files and heartbeats; later live, expected, alerts."""
