"""Due times as arithmetic, and the one clock they are compared with: the database's."""
