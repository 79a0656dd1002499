"""What people have to hear: rules say it by `alert`, an outbox carries it."""
