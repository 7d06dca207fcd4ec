"""Run the command line with ``python -m agglo``."""

from agglo.cli import main

if __name__ == "__main__":
    main()
