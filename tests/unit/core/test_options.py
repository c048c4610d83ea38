"""Jobs to be created: the caller's words over the handler's, checked and encoded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from steve.core.backoff import Backoff
from steve.core.errors import OptionError, OptionTypeError, PayloadError
from steve.core.job import PreparedJob
from steve.core.options import JobOptions, check_call, check_defaults, check_type, prepare
from steve.core.settings import Settings
from steve.core.uid import uid_time

LATER = datetime(2030, 1, 1, tzinfo=UTC)
LIMITS = Settings(max_payload=1000)


def prepared(
    defaults: dict[str, Any] | None = None, payload: Any = None, **call: Any
) -> PreparedJob:
    return prepare("t", payload, check_defaults(defaults or {}), call, LIMITS)


def test_a_job_without_options():
    job = prepared()
    assert uid_time(job.uid) is not None
    assert job == PreparedJob(
        uid=job.uid,
        type="t",
        payload=b"{}",
        queue="default",
        priority=0,
        max_attempts=3,
        max_crashes=3,
        backoff="exp",
        run_at=None,
        delay=None,
        timeout=None,
        tags=[],
        meta=b"{}",
    )


def test_every_option():
    job = prepared(
        payload={"to": "x"},
        max_attempts=1,
        max_crashes=0,
        backoff_strategy=Backoff("fixed", factor=5),
        run_at=LATER,
        timeout=timedelta(minutes=2),
        queue="mail",
        priority=-100,
        tags=("a", "b", "a"),
        meta={"trace": "abc"},
    )
    assert job.payload == b'{"to":"x"}'
    assert (job.max_attempts, job.max_crashes) == (1, 0)
    assert job.backoff == "fixed factor=5 cap=3600 jitter=0"
    assert (job.run_at, job.delay, job.timeout) == (LATER, None, 120.0)
    assert (job.queue, job.priority) == ("mail", -100)
    assert (job.tags, job.meta) == (["a", "b"], b'{"trace":"abc"}')
    assert prepared(delay=timedelta(hours=1)).delay == 3600


def test_the_call_wins_over_the_handlers_defaults():
    defaults = {"queue": "mail", "priority": 5, "tags": ["a"], "timeout": 60}
    job = prepared(defaults, priority=7, timeout=None)
    assert (job.queue, job.priority, job.tags, job.timeout) == ("mail", 7, ["a"], None)
    assert prepared(defaults).timeout == 60


def test_an_instant_of_the_call_wins_over_a_default_delay():
    job = prepared({"delay": 60}, run_at=LATER)
    assert (job.run_at, job.delay) == (LATER, None)
    assert prepared({"delay": 60}, run_at=None).delay == 60
    assert prepared({"delay": 60}, delay=5).delay == 5


def test_jobs_do_not_share_their_lists():
    defaults = check_defaults({"tags": ["a"]})
    one = prepare("t", None, defaults, {}, LIMITS)
    one.tags.append("b")
    assert prepare("t", None, defaults, {}, LIMITS).tags == ["a"]


def test_run_at_and_delay_exclude_each_other():
    with pytest.raises(OptionError, match="exclude each other"):
        prepared(run_at=LATER, delay=5)
    assert prepared(run_at=LATER, delay=None).run_at == LATER


@pytest.mark.parametrize(
    ("option", "kind", "words"),
    [
        ({"max_attempts": 0}, OptionError, "max_attempts must be 1 to 32,767, not 0"),
        ({"max_attempts": 32_768}, OptionError, "max_attempts"),
        ({"max_attempts": "3"}, OptionTypeError, "max_attempts must be an integer"),
        ({"max_crashes": -1}, OptionError, "max_crashes must be 0 to 32,767"),
        ({"priority": 101}, OptionError, "priority must be -100 to 100"),
        ({"priority": True}, OptionTypeError, "priority"),
        ({"backoff_strategy": "linearly"}, OptionError, "allowed are exp, linear, fixed, none"),
        ({"backoff_strategy": None}, OptionTypeError, "backoff_strategy"),
        ({"run_at": datetime(2030, 1, 1)}, OptionError, "naive"),
        ({"run_at": "tomorrow"}, OptionTypeError, "run_at must be an aware datetime"),
        ({"delay": -1}, OptionError, "delay must be 0 to"),
        ({"delay": timedelta(days=4000)}, OptionError, "delay"),
        ({"timeout": 0}, OptionError, "timeout must be above 0"),
        ({"timeout": "5s"}, OptionTypeError, "timeout must be seconds"),
        ({"queue": ""}, OptionError, "queue must have 1 to 255"),
        ({"queue": "a\0"}, OptionError, "NUL"),
        ({"tags": "one"}, OptionTypeError, "tags must be a list"),
        ({"tags": [""]}, OptionError, r"tags\[0\] must have 1 to 255"),
        ({"tags": [str(n) for n in range(51)]}, OptionError, "at most 50"),
        ({"meta": [1]}, OptionTypeError, "meta must be a dict"),
        ({"colour": 1}, OptionTypeError, "unknown option 'colour': allowed are max_attempts, max"),
    ],
)
def test_bad_options(option: dict[str, Any], kind: type[Exception], words: str):
    with pytest.raises(kind, match=words):
        prepared(**option)
    if "run_at" not in option:
        with pytest.raises(kind, match=words):
            check_defaults(option)


def test_bad_options_are_value_or_type_errors():
    with pytest.raises(ValueError, match="max_attempts"):
        prepared(max_attempts=0)
    with pytest.raises(TypeError, match="unknown option"):
        prepared(max_atempts=1)


def test_a_handler_has_no_instant():
    with pytest.raises(OptionTypeError, match="unknown option 'run_at'"):
        check_defaults({"run_at": LATER})


def test_payload_and_meta_must_be_json():
    with pytest.raises(PayloadError, match=r"payload at \$\.a: nan"):
        prepared(payload={"a": float("nan")})
    with pytest.raises(PayloadError, match=r"meta at \$\.a: "):
        prepared(meta={"a": b"x"})
    with pytest.raises(PayloadError, match="at most 1,000"):
        prepared(payload="x" * 1000)
    assert prepared(meta=MappingProxyType({"a": 1})).meta == b'{"a":1}'


@pytest.mark.parametrize("type", ["", "x" * 256, "\0"])
def test_types_have_1_to_255_characters(type: str):
    with pytest.raises(OptionError, match="type must"):
        prepare(type, None, None, {}, LIMITS)
    assert check_type("x" * 255)


def test_options_are_what_the_checks_know():
    assert set(JobOptions.__annotations__) == set(
        check_call(
            {
                "max_attempts": 1,
                "max_crashes": 1,
                "backoff_strategy": "exp",
                "run_at": None,
                "delay": None,
                "timeout": None,
                "queue": "q",
                "priority": 1,
                "tags": [],
                "meta": {},
            }
        )
    )
