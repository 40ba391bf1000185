"""`voronka`: hands over to the command line. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import sys

from connector.cli import interrupts


def main() -> None:
    try:
        with interrupts.NotBegun():
            from connector.cli import app
    except KeyboardInterrupt:  # in the moment before it stood
        sys.exit(interrupts.INTERRUPTED)

    sys.exit(app.run(sys.argv[1:]))


if __name__ == "__main__":
    main()
