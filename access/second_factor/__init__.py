"""The second factor of people: time-based codes of their phone, and recovery codes."""
