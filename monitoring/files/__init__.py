"""Tracked files: the visible course of any file, and the unit of claiming."""
