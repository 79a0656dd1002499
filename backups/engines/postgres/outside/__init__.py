"""Archives and scripts that were not made here: hostile until they are restored.

recognition  what a file is, by its content
inventory    what an archive's table of contents names, and which of it is wanted
choosing     the same, when only some of it is asked for
blocks       the data behind it
tarball      a tar archive, or the tar of a directory archive, unpacked by our own loop
lexing       SQL as psql reads it, in pieces
statement    one statement of it, and where psql sees its end
verdicts     what becomes of a statement
rows         the rows between statements
script       plain SQL: what of it may pass
reading      all of it read to its end before a server is touched
guest        the role without rights that restores it
bringing     the tools that do
counting     how many rows came
giving       what came, given to a role of the server
looking      what is looked at beforehand
"""
