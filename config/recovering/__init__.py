"""Holdfast on an empty machine again: from a storage and the recovery key."""
