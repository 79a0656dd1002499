"""Restores: bytes brought into a database of the user's, beside everything that is there.

requesting   who may ask, what is looked at beforehand, cancel
queueing     a worker claims a waiting restore
running      the course of one restore on a runner
outcome      how it ends in its rows
pages        the list, the way from a backup to a new database, one restore
course       the tracked file's view of all that
"""
