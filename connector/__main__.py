"""`voronka`: hands over to the command line. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import sys


def main() -> None:
    from connector.cli import app

    sys.exit(app.run(sys.argv[1:]))


if __name__ == "__main__":
    main()
