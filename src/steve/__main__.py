"""`python -m steve` is the command `steve`."""

from __future__ import annotations

from steve.cli.main import main

if __name__ == "__main__":
    main()
