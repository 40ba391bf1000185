"""`voronka`: hands over to the command line. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import sys

from connector.cli import interrupts


def main() -> None:
    try:
        with interrupts.NotBegun():
            from connector.cli import app
        code = app.run(sys.argv[1:])
    except KeyboardInterrupt:  # in the moments in which neither guard stood
        code = interrupts.INTERRUPTED

    sys.exit(code)


if __name__ == "__main__":
    main()
