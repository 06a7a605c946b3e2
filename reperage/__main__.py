"""`python -m reperage`: the command line."""

from reperage.service.cli import main

main()
