"""The pages of expected backups: across apps, for a linked database is backed up from here."""
