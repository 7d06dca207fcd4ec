"""The command line: thin verbs over :mod:`agglo.runs`."""

from agglo.cli.main import main

__all__ = ["main"]
