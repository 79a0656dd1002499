"""The verbs of `manage.py restore`: arguments, and what is said at the end."""
