"""What comes of the database that a replacement has kept: undone, confirmed, or its date.

asking    who may ask for it; it is written down, and a worker is woken
errands   a worker does it: looked up by the server's ids first, so that it may be done twice
dates     the tick asks for it when the date has come
"""
