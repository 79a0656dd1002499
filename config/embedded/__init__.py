"""The product's own PostgreSQL and Redis: binaries, account, folders, start and stop.

Nothing here needs Django's settings: everything works from a `Places`.
"""
