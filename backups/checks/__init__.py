"""Checks of stored bytes, asked for by people or by a database's rule.

At the levels `checksum` and `content` they are read to their end; at the level `restore`, a drill,
they are restored into a throw-away server and compared with the source's fingerprints.

requesting   who may ask, and when a drill is due
queueing     who runs next: backups first
running      the course of one check on a runner
drilling     restore and compare
at_once      a drill within the backup's own run, where no key is kept
outcome      what its end means to the backup
course       the tracked file's view of all that
"""
