"""The version of the installed package."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


@cache
def version() -> str:
    """Return the version of pg-steve, "0" where it is not installed as a package."""
    try:
        return installed("pg-steve")
    except PackageNotFoundError:
        return "0"
