"""Taking backups: databases, engines, the pipeline, validation, API, command line."""
