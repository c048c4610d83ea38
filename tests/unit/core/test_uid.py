"""Identifiers that sort by time."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import RFC_4122, UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steve.core.errors import OptionError, OptionTypeError
from steve.core.uid import as_uid, uid_time, uuid7
from support.jobs import job

TEXT = "0192d3a4-5b6c-7def-8123-456789abcdef"


def test_strictly_increasing():
    uids = [uuid7() for _ in range(20_000)]
    assert all(earlier < later for earlier, later in itertools.pairwise(uids))


def test_strictly_increasing_in_each_of_many_threads_and_unique():
    found: list[list[UUID]] = []

    def make() -> None:
        found.append([uuid7() for _ in range(3000)])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(uids == sorted(uids) for uids in found)
    assert len({uid for uids in found for uid in uids}) == 12_000


def test_is_a_proper_version_7():
    uid = uuid7()
    assert uid.version == 7
    assert uid.variant == RFC_4122
    assert UUID(str(uid)) == uid
    assert hash(UUID(str(uid))) == hash(uid)


def test_time_of_a_uid():
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    made = uid_time(uuid7())
    assert made is not None
    assert before <= made <= datetime.now(UTC) + timedelta(milliseconds=50)


def test_keeps_increasing_when_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch):
    first = uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)
    assert first < uuid7() < uuid7()


@given(st.integers(0, 2**48 - 1))
def test_time_is_total(milliseconds: int):
    uid = UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62))
    made = uid_time(uid)
    assert made is None or made.tzinfo is UTC


def test_other_versions_have_no_time():
    assert uid_time(uuid4()) is None
    assert uid_time(UUID(int=0)) is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_does_not_repeat_its_parent():
    uuid7()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, b"".join(uuid7().bytes for _ in range(50)))
        os._exit(0)
    mine = {uuid7().bytes for _ in range(50)}
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        data = pipe.read()
    theirs = {data[at : at + 16] for at in range(0, len(data), 16)}
    assert len(theirs) == 50
    # Time and counter alone: the noise behind them would hide a counter that goes on.
    assert not {uid[:12] for uid in mine} & {uid[:12] for uid in theirs}


@pytest.mark.parametrize(
    "text", [TEXT, TEXT.upper(), TEXT.replace("-", ""), f"urn:uuid:{TEXT}", f"{{{TEXT}}}"]
)
def test_text_of_a_uid_is_read(text: str):
    assert as_uid(text) == UUID(TEXT)


def test_a_uid_and_a_job_stand_for_themselves():
    uid = UUID(TEXT)
    assert as_uid(uid) is uid
    assert as_uid(job(uid=uid)) is uid


@pytest.mark.parametrize(
    "text", ["", "x", TEXT[:-1], TEXT + "0", TEXT.replace("0", "\u0660"), "\0"]
)
def test_malformed_text_is_a_value_error(text: str):
    with pytest.raises(OptionError, match="malformed uid"):
        as_uid(text)


@given(st.text())
def test_any_text_is_a_uid_or_a_value_error(text: str):
    with contextlib.suppress(ValueError):
        assert isinstance(as_uid(text), UUID)


@pytest.mark.parametrize("value", [None, 5, b"x", ["x"]])
def test_other_types_are_a_type_error(value: Any):
    with pytest.raises(OptionTypeError, match="must be a UUID"):
        as_uid(value)
