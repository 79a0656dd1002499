"""What changed: rows that live readers follow, and the wake-ups that tell them to look."""
