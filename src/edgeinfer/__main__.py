"""``python -m edgeinfer``: the command line."""

import sys

from edgeinfer.cli import main

if __name__ == "__main__":
    sys.exit(main())
