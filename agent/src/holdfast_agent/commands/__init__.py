"""The commands, each with `add` for its arguments. They give an exit status and what to show."""
