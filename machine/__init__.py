"""The machine below: accounts, folders, copies of programs, processes that die with their parent.

Nothing here knows Django or what an installation is.
"""
