"""`python -m tests.javascript` fetches what is not here yet."""

import sys

from tests.javascript.fetched import NotFetched, fetch, packages

for package in packages().values():
    try:
        if not package.is_here():
            fetch(package)
    except NotFetched as error:
        sys.exit(f"{error}\nThe tests that need it will fail.")
