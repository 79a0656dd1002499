"""Further copies of good backups: from one target to another, streamed once, checked, registered.

requesting   who may ask, and which copies a backup is to have
queueing     who runs next: one at a time, after backups
running      the course of one copy on a runner
outcome      what its end means: its row, the next try, audit and alerts
course       the tracked file's view of all that
"""
