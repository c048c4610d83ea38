"""Finding the manager that `module:attribute` names."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from steve.cli.output import shown

if TYPE_CHECKING:
    from steve.jobs.manager import Jobs

DEFAULT_ATTRIBUTE = "jobs"
_FRAMES = 6
"""The last frames of the user's own traceback are enough to find the place."""

_OUR_DIRECTORY = str(Path(__file__).parent)


class TargetError(click.ClickException):
    """What the user named is not there, cannot be imported, or is no manager."""

    exit_code = 2


def load(target: str) -> Jobs:
    """Import `module:attribute` with the current directory on the path; return the manager.

    The attribute may be dotted, and a function that returns the manager. Without one it is
    `jobs`. Raises TargetError; the user's traceback, shortened, is on standard error by then.
    """
    from steve.jobs.manager import Jobs

    name, _, attribute = target.partition(":")
    attribute = attribute or DEFAULT_ATTRIBUTE
    _check_name(target, name)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(name)
    except (Exception, SystemExit) as error:
        _fail_import(name, error)
    found = _attribute(module, attribute)
    if callable(found) and not isinstance(found, Jobs | type):
        found = _called(found, f"{name}:{attribute}")
    if not isinstance(found, Jobs):
        raise TargetError(
            f"{name}:{attribute} is {_described(found)}, not a steve.Jobs"
            f"{_suggestion(module, name)}"
        )
    return found


def _check_name(target: str, name: str) -> None:
    if name.endswith(".py") or "/" in name:
        module = name.removesuffix(".py").replace("/", ".").strip(".")
        raise TargetError(f"{target!r} looks like a path: write the module, as in {module}:jobs")
    if not name or not all(part.isidentifier() for part in name.split(".")):
        raise TargetError(f"{target!r} names no module: write module:attribute, as in app:jobs")


def _fail_import(name: str, error: BaseException) -> NoReturn:
    if isinstance(error, ModuleNotFoundError) and error.name and _is_part(error.name, name):
        raise TargetError(
            f"there is no module {error.name!r}: not in {Path.cwd()}, and not among the "
            "installed packages"
        ) from None
    _show_traceback(error)
    raise TargetError(f"importing {name} failed: {_cause(error)}") from None


def _is_part(missing: str, name: str) -> bool:
    return name == missing or name.startswith(f"{missing}.")


def _attribute(module: ModuleType, path: str) -> Any:
    found: Any = module
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            owner = module.__name__ if found is module else _described(found)
            raise TargetError(
                f"{owner} has no attribute {part!r}{_suggestion(module, module.__name__)}"
            ) from None
    return found


def _called(function: Any, what: str) -> Any:
    try:
        return function()
    except (Exception, SystemExit) as error:
        _show_traceback(error)
        raise TargetError(f"calling {what}() failed: {_cause(error)}") from None


def _suggestion(module: ModuleType, name: str) -> str:
    from steve.jobs.manager import Jobs

    known = [key for key, value in vars(module).items() if isinstance(value, Jobs)]
    return f"; did you mean {name}:{known[0]}?" if known else ""


def _described(value: object) -> str:
    kind = type(value)
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    if isinstance(value, type):
        return f"the class {value.__qualname__}"
    return "None" if value is None else f"an object of type {name}"


def _show_traceback(error: BaseException) -> None:
    """Print the part of the traceback that lies in the user's code."""
    summary = traceback.TracebackException.from_exception(error)
    known: list[traceback.TracebackException | None] = [summary]
    while known:
        current = known.pop()
        if current is not None:
            current.stack = traceback.StackSummary.from_list(_users(current.stack)[-_FRAMES:])
            known += [current.__cause__, current.__context__]
    click.echo("".join(summary.format()).rstrip(), err=True)


def _users(frames: Iterable[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    return [
        frame
        for frame in frames
        if not frame.filename.startswith(("<frozen importlib", _OUR_DIRECTORY))
        and not frame.filename.endswith("importlib/__init__.py")
    ]


def _cause(error: BaseException) -> str:
    """Say an exception in one line, with the place in the user's code."""
    if isinstance(error, SystemExit):
        what = f"it ended the program (SystemExit: {error.code})"
    else:
        what = "".join(traceback.format_exception_only(error)[-1:]).strip()
    if isinstance(error, SyntaxError):
        place = f"{error.filename}, line {error.lineno}" if error.filename else ""
    else:
        frames = _users(traceback.extract_tb(error.__traceback__))
        place = f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else ""
    return shown(f"{what} ({place})" if place else what)
