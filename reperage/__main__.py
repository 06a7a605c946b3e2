"""`python -m reperage`: the command line."""

from reperage.service.cli.main import main

main()
