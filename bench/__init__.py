"""What is measured: see `bench/__main__.py`."""
