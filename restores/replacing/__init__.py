"""What stands before a database is replaced: the wish, a backup of it, a second person's word.

The swap itself is `restores.naming`; what comes of the old database is `restores.kept`.
"""
