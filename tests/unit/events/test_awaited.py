"""When a job that is waited for is looked at."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest

from steve.core.uid import uuid7
from steve.events.awaited import LONGEST_PAUSE, OUT, SETTLING, Agenda, Awaited


def test_the_first_looks_come_soon_and_the_others_every_interval() -> None:
    awaited = Awaited(uuid7())
    for after in SETTLING[1:]:
        assert awaited.next_look(7.0) == pytest.approx(awaited.since + after)
    for _ in range(20):
        assert 0.75 * 7 <= awaited.next_look(7.0) - monotonic() + 0.1 <= 1.25 * 7 + 0.2


def test_a_fresh_wait_brings_the_first_looks_again() -> None:
    awaited = Awaited(uuid7())
    for _ in range(10):
        awaited.next_look(1.0)
    awaited.begin()
    assert awaited.next_look(1.0) == pytest.approx(awaited.since + SETTLING[1])


async def test_a_callback_alone_is_looked_after_ever_less_often() -> None:
    awaited = Awaited(uuid7())
    awaited.looks = 10
    awaited.since -= 100
    assert awaited.next_look(1.0) - monotonic() > 7
    awaited.since -= 1_000_000
    assert awaited.next_look(1.0) - monotonic() <= LONGEST_PAUSE * 1.25
    awaited.futures.append(asyncio.get_running_loop().create_future())
    assert awaited.next_look(1.0) - monotonic() <= 1.25


def test_the_agenda_gives_what_is_due_in_order_and_not_more_than_asked() -> None:
    agenda = Agenda()
    jobs = [Awaited(uuid7()) for _ in range(5)]
    for number, awaited in enumerate(jobs):
        agenda.put(awaited, float(5 - number))
    assert agenda.next() == 1.0
    assert agenda.take(4.0, 2) == [jobs[4], jobs[3]]
    assert agenda.take(4.0, 10) == [jobs[2], jobs[1]]
    assert agenda.take(4.0, 10) == []
    assert agenda.next() == 5.0


def test_what_was_put_later_replaces_what_was_put_before() -> None:
    agenda, awaited = Agenda(), Awaited(uuid7())
    agenda.put(awaited, 1.0)
    agenda.put(awaited, 9.0)
    assert agenda.take(5.0, 10) == []
    assert agenda.next() == 9.0
    assert agenda.take(10.0, 10) == [awaited]
    assert agenda.next() is None


def test_what_was_taken_out_of_consideration_does_not_come() -> None:
    agenda, awaited = Agenda(), Awaited(uuid7())
    agenda.put(awaited, 1.0)
    awaited.due = OUT
    assert agenda.next() is None
    assert agenda.take(5.0, 10) == []


def test_putting_back_does_not_undo_an_earlier_date_asked_for_meanwhile() -> None:
    agenda, awaited = Agenda(), Awaited(uuid7())
    agenda.put(awaited, 1.0)
    agenda.take(1.0, 1)
    agenda.put(awaited, 2.0)
    agenda.put_back(awaited, 9.0)
    assert agenda.next() == 2.0
