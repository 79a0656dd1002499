"""What the processes under test need, brought in once: they are forked from one that has it."""

from importlib import import_module

import django

django.setup()

for name in (
    "backups.checks.queueing",
    "backups.copying.queueing",
    "backups.queueing",
    "config.tick",
    "restores.kept.errands",
    "restores.queueing",
):
    import_module(name)
