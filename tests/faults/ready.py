"""What the processes under test need, brought in once: they are forked from one that has it."""

import django

django.setup()

# ruff: noqa: E402, F401
import backups.checks.queueing
import backups.copying.queueing
import backups.queueing
import config.tick
import restores.kept.errands
import restores.queueing
