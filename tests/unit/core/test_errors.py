"""The exception tree: its bases, its messages, and that it survives another process."""

from __future__ import annotations

import inspect
import pickle
from uuid import UUID

import pytest

from steve.core import errors
from steve.core.outcome import JobError
from support.jobs import job

UID = UUID("0192d3a4-5b6c-7def-8123-456789abcdef")
ALL = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.SteveError)
]
PLAIN = [
    kind for kind in ALL if kind not in (errors.JobNotFound, errors.JobFailed, errors.JobRunning)
]


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.OptionError, ValueError),
        (errors.OptionTypeError, TypeError),
        (errors.PayloadError, ValueError),
        (errors.JobNotFound, LookupError),
        (errors.NotInHandler, RuntimeError),
        (errors.SchemaMissing, errors.SchemaError),
        (errors.SchemaBehind, errors.SchemaError),
        (errors.SchemaTooNew, errors.SchemaError),
    ],
)
def test_can_be_caught_as_the_builtin_kind(kind: type[Exception], builtin: type[Exception]):
    assert issubclass(kind, builtin)


@pytest.mark.parametrize("kind", PLAIN)
def test_says_its_docstring_without_arguments(kind: type[errors.SteveError]):
    assert kind.__doc__ is not None
    assert str(kind()) == kind.__doc__.splitlines()[0]
    assert str(kind("something else")) == "something else"


@pytest.mark.parametrize("kind", ALL)
def test_is_drawn_in_the_tree(kind: type[errors.SteveError]):
    assert errors.__doc__ is not None
    assert kind.__name__ in errors.__doc__


def test_payload_error_names_a_path():
    assert errors.PayloadError("bad", "$.a[1]").path == "$.a[1]"
    assert errors.PayloadError().path == "$"


def test_job_not_found_names_the_uid():
    error = errors.JobNotFound(UID)
    assert error.uid == UID
    assert str(UID) in str(error)


def test_job_failed_holds_the_job_and_tells_the_reason():
    failed = job(status="failed", error=JobError("ValueError", "no such address"))
    error = errors.JobFailed(failed)
    assert error.job is failed
    assert str(error) == f"job t {failed.uid} is failed: ValueError: no such address"
    assert str(errors.JobFailed(job(status="expired"))).endswith("is expired")


def test_job_running_lists_a_few():
    error = errors.JobRunning(UUID(int=n) for n in range(7))
    assert len(error.uids) == 7
    assert str(error).count("00000000-0000") == 5
    assert "and 2 more" in str(error)
    assert "more" not in str(errors.JobRunning([UID]))


@pytest.mark.parametrize(
    "error",
    [
        errors.JobNotFound(UID),
        errors.JobRunning([UID]),
        errors.PayloadError("bad", "$.a"),
        errors.JobFailed(job()),
        errors.SchemaTooNew(),
    ],
)
def test_can_be_pickled(error: errors.SteveError):
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy).keys() == vars(error).keys()
