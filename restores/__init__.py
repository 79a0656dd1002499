"""Restores: bytes brought into a database of the user's, beside everything that is there,
and by wish in its place.

requesting   who may ask, what is looked at beforehand, cancel
queueing     a worker claims a waiting restore
running      the course of one restore on a runner
naming       the one moment in which something of the user's changes, safe to die in
outcome      how it ends in its rows
replacing    what stands before a replacement: typed name, safety backup, approval
kept         what comes of the database that was replaced: undo, confirm, date
pages        the list, the way from a backup to a new database, one restore
course       the tracked file's view of all that
"""
