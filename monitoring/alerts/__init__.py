"""What people have to hear: rules open and resolve alerts, an outbox carries them to channels."""
