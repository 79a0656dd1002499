"""Looks at every part of an installation and says what is wrong and how to mend it.

Each check stands alone and works, with a clear answer, when nothing is started.
"""
