"""`python -m reperage`: the command line."""

import sys

from reperage.service.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
