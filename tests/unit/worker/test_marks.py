"""Marks: kept while claims flow or are slow, few, and moved back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from steve.operations.claim import Mark
from steve.worker.marks import MOST, SLOW, Marks

if TYPE_CHECKING:
    from steve.core.job import Job

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def place(id: int, queue: str = "q", priority: int = 0) -> Mark:
    return Mark(queue, priority, NOON + timedelta(seconds=id), id)


def claimed(*places: Mark) -> list[Job]:
    """What a claim returns has these four attributes, too."""
    return cast("list[Job]", list(places))


def test_nothing_is_marked_at_first() -> None:
    marks = Marks()
    assert not marks
    assert marks.all() == []


def test_the_last_job_of_each_range_is_the_mark() -> None:
    marks = Marks()
    marks.advance(claimed(place(3, priority=9), place(1), place(2), place(1, "other")), more=True)
    assert marks.all() == [place(3, priority=9), place(2), place(1, "other")]
    marks.advance(claimed(place(7)), more=True)
    assert sorted(marks.all()) == sorted([place(3, priority=9), place(7), place(1, "other")])


def test_when_that_was_all_the_next_claim_begins_at_the_beginning() -> None:
    marks = Marks()
    marks.advance(claimed(place(1)), more=True)
    marks.advance(claimed(place(2)), more=False)
    assert marks.all() == []


def test_what_was_left_is_come_upon_again() -> None:
    marks = Marks()
    marks.learn(SLOW * 2)
    marks.advance(claimed(place(1)), more=True)
    marks.advance(claimed(place(2)), more=True, some_left=True)
    assert marks.all() == []


def test_where_the_beginning_is_slow_they_stay() -> None:
    marks = Marks()
    marks.learn(SLOW * 2)
    marks.advance(claimed(place(1)), more=False)
    marks.advance([], more=False)
    assert marks.all() == [place(1)]
    marks.learn(SLOW / 2)
    marks.advance([], more=False)
    assert marks.all() == []


def test_they_go_back_to_right_before_a_place() -> None:
    marks = Marks()
    marks.advance(claimed(place(9)), more=True)
    marks.go_back([place(4), place(5, "another")])
    ((queue, priority, run_at, id),) = marks.all()
    assert (queue, priority, run_at, id) == ("q", 0, place(4).run_at, 3)


def test_a_claim_that_was_under_way_does_not_undo_that() -> None:
    marks = Marks()
    marks.advance(claimed(place(9)), more=True)
    marks.go_back([place(4)])
    marks.advance(claimed(place(12)), more=True)
    assert marks.seen() == [place(12)]
    assert [mark.id for mark in marks.all()] == [3]
    marks.advance(claimed(place(20)), more=True)
    assert marks.all() == [place(20)]


def test_they_are_forgotten() -> None:
    marks = Marks()
    marks.advance(claimed(place(9)), more=True)
    marks.forget()
    assert not marks


def test_the_oldest_go_when_there_are_too_many() -> None:
    marks = Marks()
    for number in range(MOST + 5):
        marks.advance(claimed(place(number, f"q{number}")), more=True)
        marks.advance(claimed(place(number, "busy")), more=True)
    assert len(marks.all()) == MOST
    names = {mark.queue for mark in marks.all()}
    assert "busy" in names
    assert "q0" not in names
    assert f"q{MOST + 4}" in names
