"""The documented API of restores."""
