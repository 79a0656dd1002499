"""What people have to hear: rules open and resolve alerts, an outbox carries them to channels."""

# The name under which live readers are woken: the number of alerts may be another.
ALERTS = "alerts"
