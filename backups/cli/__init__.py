"""The verbs of `manage.py backup`, a module each: arguments, one call, the answer."""
