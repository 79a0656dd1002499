#!/usr/bin/env python
"""The command line of Holdfast."""

import os
import sys

from config import loading


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    with loading.for_good():
        import django
        from django.core.management import execute_from_command_line

        from config.env import SettingsError

        try:
            django.setup()
        except SettingsError as error:
            sys.exit(str(error))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
