"""Finished recordings: found, shown, handed out, deleted."""
