"""`python -m sandbox KIND …`: starts a sandbox portal; each kind has options of its own (`--help`)."""

from __future__ import annotations

import importlib
import sys

KINDS = ("bitrix24", "amocrm")


def main() -> None:
    kind = sys.argv[1] if len(sys.argv) > 1 else ""
    if kind not in KINDS:
        raise SystemExit(f"usage: python -m sandbox {{{','.join(KINDS)}}} …")
    importlib.import_module(f"sandbox.{kind}.__main__").main(sys.argv[2:])


if __name__ == "__main__":
    main()
