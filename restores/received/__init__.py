"""Files from elsewhere that are to be restored.

models     what is known of one
receiving  a stream into a private file, whole or not at all
services   receive, delete, expire
places     where they lie, and files under configured folders, opened without following links
api, pages ways in
"""
