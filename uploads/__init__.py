"""Bytes coming in: sessions, the data plane that takes them, and what becomes of them."""
