"""Expected backups: who should have sent what by when, and did it arrive whole."""
