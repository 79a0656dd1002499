"""Fingerprints: what a restored copy is compared with, taken in the dump's own snapshot.

snapshot   one transaction that holds the tables still while dump and fingerprints read them
tables     rows and an order-independent checksum of each table
objects    sequences, large objects, definitions, grants, and the database's own settings
compare    what differs between two fingerprints, named (pure; knows no server)
"""

# 2: without the names of NOT NULL constraints, which only PostgreSQL 18 keeps; a table's own
# definition says which columns have one.
ALGORITHM = 2
