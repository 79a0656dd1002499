"""What keeps an old installation healthy, a little at a time and without being asked.

rechecks   each copy is read again, once in so many days
orphans    files at a storage that belong to nothing: reported, quarantined, removed
ended      the tracks of ended work, after so many days
"""
