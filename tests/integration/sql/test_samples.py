"""Samples of how things go: taken by one at a time, complete, and added up without loss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integration.sql.scene import HOUR, NEVER, Scene
from steve.operations.control import cancel, delete
from steve.operations.monitor_whole import Sample, history
from steve.operations.samples import add_up, forget_samples, take

pytestmark = pytest.mark.any_postgres

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Time:
    """The clock of a scene, stopped: at first at the beginning of this quarter of an hour."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        now = scene.now()
        self.start = now - (now - EPOCH) % timedelta(seconds=900)
        self.set(0)

    def set(self, seconds: float) -> None:
        at = self.start + timedelta(seconds=seconds)
        self.scene.value("select set_config('steve_test.now', %s, false)", at.isoformat())

    def since(self, moment: datetime) -> float:
        return (moment - self.start).total_seconds()


@pytest.fixture
def time(scene: Scene) -> Time:
    return Time(scene)


def samples(scene: Scene, time: Time, width: int = 10, queue: str = "") -> dict[float, Sample]:
    """All samples of a width, by the seconds at which they begin."""
    found = scene.run(history(width, EPOCH, queue))
    return {time.since(sample.began_at): sample for sample in found}


def counts(scene: Scene, time: Time, width: int = 10, queue: str = "") -> dict[float, int]:
    return {at: s.completed for at, s in samples(scene, time, width, queue).items()}


def test_what_ended_and_what_there_is(scene: Scene, time: Time) -> None:
    scene.create(queue="mail")
    scene.create(queue="mail", delay=HOUR)
    job = scene.started(queue="default")
    time.set(4)
    scene.finish(job, wait=1.5)
    scene.over(NEVER)
    scene.run(cancel([scene.create().uid]))
    time.set(13)
    scene.started(queue="default")
    # All, and the two queues.
    assert scene.run(take()) == 3
    (sample,) = samples(scene, time).values()
    assert sample[1:9] == (1, 1, 1, 13.0, 1, 1, 1, 0)
    assert (sum(sample.waits), sum(sample.runs)) == (2, 2)
    mail, default = (samples(scene, time, queue=name)[0] for name in ("mail", "default"))
    assert mail[1:9] == (1, 1, 0, 13.0, 0, 0, 0, 0)
    assert (mail.waits, mail.runs) == ((), ())
    assert default[1:9] == (0, 0, 1, None, 1, 1, 1, 0)


def test_one_does_it_once(scene: Scene, time: Time, connect: Any) -> None:
    other = connect()
    Time(other).set(13)
    time.set(13)
    scene.connection.execute("begin")
    assert scene.run(take()) == 1
    # It does not wait for the first, and neither does it do it again.
    assert other.run(take()) == 0
    assert other.run(add_up()) == 0
    scene.connection.execute("commit")
    assert (scene.run(take()), other.run(take())) == (0, 0)
    assert [*samples(scene, time)] == [0]


def test_a_commit_may_be_a_little_late(scene: Scene, time: Time, connect: Any) -> None:
    late = connect()
    Time(late).set(9.9)
    time.set(11.9)
    assert scene.run(take()) == 1
    assert [*samples(scene, time)] == [-10]
    job = late.started()
    late.finish(job)
    time.set(12)
    scene.run(take())
    assert counts(scene, time) == {-10: 0, 0: 1}


def test_what_ended_while_nobody_looked_is_found(scene: Scene, time: Time) -> None:
    time.set(12)
    scene.run(take())
    for seconds in (15, 19.999999, 20, 47, 80):
        time.set(seconds)
        scene.over()
    time.set(75)
    # The last one has not happened yet by this clock.
    scene.run(take())
    assert counts(scene, time) == {0: 0, 10: 2, 20: 1, 40: 1, 60: 0}
    assert {at: s.ready for at, s in samples(scene, time).items()} == {
        0: 0, 10: None, 20: None, 40: None, 60: 0,
    }  # fmt: skip
    time.set(92)
    scene.run(take())
    assert counts(scene, time)[80] == 1


def test_of_a_long_absence_the_last_ten_minutes_are_found(scene: Scene, time: Time) -> None:
    time.set(12)
    scene.run(take())
    for seconds in (30, 700, 1000):
        time.set(seconds)
        scene.over()
    time.set(1212)
    scene.run(take())
    assert counts(scene, time) == {0: 0, 700: 1, 1000: 1, 1200: 0}


def test_the_first_looks_no_further_back_than_ten_seconds(scene: Scene, time: Time) -> None:
    for seconds in (15, 25):
        time.set(seconds)
        scene.over()
    time.set(33)
    scene.run(take())
    assert counts(scene, time) == {20: 1}


def test_counting_takes_a_tenth_of_the_time(scene: Scene, time: Time) -> None:
    time.set(12)
    scene.run(take())
    scene.all("update steve.sample set took = 3.5 returning 1")
    for seconds, written in ((22, 0), (40, 0), (45, 0), (51.9, 0), (52, 1)):
        time.set(seconds)
        assert scene.run(take()) == written
    assert [*samples(scene, time)] == [0, 40]


def test_sizes_of_durations(scene: Scene, time: Time) -> None:
    durations = [0.0, 0.0005, 0.004, 0.1, 0.1, 1.0, 60.0, 7200.0, 3 * 86_400.0]
    scene.all(
        "insert into steve.job_archive (id, uid, type, status, worker, run_at, attempted_at, "
        "completed_at) select n, gen_random_uuid(), 't', 'completed', 1, "
        "steve.now() - (s + 0.25) * interval '1 s', steve.now() - s * interval '1 s', steve.now() "
        "from unnest(%s::float8[]) with ordinality as d (s, n) returning id",
        durations,
    )
    time.set(12)
    scene.run(take())
    (sample,) = samples(scene, time).values()
    assert sum(sample.runs) == len(durations)
    assert sample.runs[0] == 2
    assert sample.runs[-1] == 1
    assert len(sample.runs) == 55
    for seconds in durations[2:-1]:
        # Bucket n + 1 is for what takes less than 0.001 * 2 ** (n / 2) seconds.
        index = next(n for n in range(55) if seconds < 0.001 * 2 ** (n / 2))
        assert sample.runs[index] == durations.count(seconds)
    assert sample.waits.percentile(0.5) == pytest.approx(0.25, rel=0.2)


def test_what_never_started_waited_for_nothing(scene: Scene, time: Time) -> None:
    scene.run(cancel([scene.create().uid]))
    time.set(12)
    scene.run(take())
    (sample,) = samples(scene, time).values()
    assert (sample.cancelled, sample.waits, sample.runs) == (1, (), ())


def test_the_busiest_queues_have_samples_of_their_own(scene: Scene, time: Time) -> None:
    for number in range(105):
        scene.create(queue=f"q{number:03}")
    scene.create(queue="q104")
    time.set(12)
    assert scene.run(take()) == 101
    assert samples(scene, time, queue="q104")[0].ready == 2
    found = scene.all("select queue from steve.sample where queue in ('q102', 'q103')")
    assert found == []
    assert samples(scene, time)[0].ready == 106


def test_samples_are_added_up(scene: Scene, time: Time) -> None:
    ended = [3, 14, 15, 59, 60, 119, 125]
    time.set(2)
    scene.run(take())
    for seconds in range(2, 140):
        time.set(seconds)
        for _ in range(ended.count(seconds)):
            scene.over(queue="default")
        if seconds % 10 == 2:
            scene.run(take())
            scene.run(add_up())
    assert sum(counts(scene, time).values()) == len(ended)
    assert counts(scene, time, 60) == {-60: 0, 0: 4, 60: 2}
    minute = samples(scene, time, 60, "default")[0]
    assert (minute.completed, sum(minute.runs), sum(minute.waits)) == (4, 4, 4)
    assert samples(scene, time, 900) == {
        -900: samples(scene, time, 60)[-60]._replace(began_at=time.start - timedelta(seconds=900))
    }


def test_a_queue_in_which_nothing_is_left_is_empty(scene: Scene, time: Time) -> None:
    uid = scene.create(queue="mail").uid
    time.set(12)
    scene.run(take())
    scene.run(delete([uid]))
    for seconds in range(22, 132, 10):
        time.set(seconds)
        scene.run(take())
    scene.run(add_up())
    for width, ready in ((10, [1, *[0] * 11]), (60, [0, 0])):
        found = samples(scene, time, width, "mail").values()
        assert [sample.ready for sample in found] == ready


def narrow(scene: Scene, time: Time, width: int, seconds: int, **values: Any) -> None:
    """Write samples of a width over so many seconds from the start, each the same."""
    scene.all(
        "insert into steve.sample (width, queue, began_at, ready, completed, failed, waits, runs) "
        "select %s, q, %s + n * interval '1 s', n, 1, 2, '{1,0,3}', case when n = 0 then "
        "'{0,5}'::int[] else '{}' end "
        "from generate_series(0, %s - 1, %s) as n, unnest(array['', 'mail']) as q returning 1",
        width, time.start, seconds, width,
    )  # fmt: skip


def test_adding_up_loses_nothing_on_the_way_to_days(scene: Scene, time: Time) -> None:
    day = 86_400
    time.start -= (time.start - EPOCH) % timedelta(days=1)
    narrow(scene, time, 10, 2 * day + 5_000)
    # As many times as there are widths: what is added up is read the next time.
    assert [scene.run(add_up()) > 0 for _ in range(4)] == [True, True, True, False]
    for width, number in ((60, 2963), (900, 197), (day, 2)):
        for queue in ("", "mail"):
            found = samples(scene, time, width, queue)
            assert [*found] == [width * n for n in range(number)]
            parts = width // 10
            assert {s.completed for s in found.values()} == {parts}
            assert {s.failed for s in found.values()} == {2 * parts}
            assert {s.waits for s in found.values()} == {(parts, 0, 3 * parts)}
            assert [s.ready for s in found.values()] == [
                width * (n + 1) - 10 for n in range(number)
            ]
            assert [s.runs for s in found.values()] == [(0, 5)] + [()] * (number - 1)


def test_a_stretch_waits_for_all_its_parts(scene: Scene, time: Time) -> None:
    start = time.start
    for minute in range(31):
        time.start = start + timedelta(minutes=minute)
        narrow(scene, time, 10, 60)
        scene.run(add_up())
    time.start = start
    assert counts(scene, time, 900) == {0: 90, 900: 90}


def test_time_without_samples_has_none(scene: Scene, time: Time) -> None:
    narrow(scene, time, 10, 70)
    scene.run(add_up())
    time.set(5000)
    scene.over()
    time.set(5022)
    scene.run(take())
    scene.run(add_up())
    # The minute that the job is of is not over yet.
    assert [*samples(scene, time, 60)] == [0, 60]
    time.set(5050)
    scene.run(take())
    scene.run(add_up())
    assert [*samples(scene, time, 60)] == [0, 60, 4980]


def test_old_samples_are_forgotten(scene: Scene, time: Time) -> None:
    for width, kept in ((10, 7_200), (60, 93_600), (900, 777_600), (86_400, 34_560_000)):
        for age in (kept - 1, kept + 1):
            scene.all(
                "insert into steve.sample (width, queue, began_at) "
                "values (%s, '', steve.now() - %s * interval '1 s') returning 1",
                width, age,
            )  # fmt: skip
    scene.run(forget_samples())
    left = scene.all(
        "select width, extract(epoch from steve.now() - began_at)::integer from steve.sample "
        "order by 1"
    )
    assert left == [(10, 7_199), (60, 93_599), (900, 777_599), (86_400, 34_559_999)]
