"""The owner's recovery key: handed out, tried, taken off this server; and the restore sheets."""
