"""`python -m holdfast_agent`."""

import sys

from holdfast_agent.cli import main

sys.exit(main())
