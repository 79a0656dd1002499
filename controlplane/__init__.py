"""Holdfast's own backup: its records and its keys, as sets from which it can be recovered."""
