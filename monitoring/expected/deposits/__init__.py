"""Deposit folders: `AGENT/databases/*`, each file with a report `AGENT/log/*.json`.

`folders` reads what strangers may write, `schema` the reports, `taking` brings them in.
"""
