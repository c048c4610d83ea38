"""Visits every state that can be reached, the near ones first, and says what is wrong with any."""

from __future__ import annotations

from collections import deque
from typing import Any

from model.exhaustive.invariants import wrong_state, wrong_step
from model.exhaustive.rules import Job, Rules, State, Step

AFTERMATH = frozenset({"abort", "expire", "bury", "rescue", "sweep"})
"""What is left to happen when every worker has crashed."""

Key = tuple[Any, ...]


class Wrong(AssertionError):
    """Something that must never be, with the shortest way to it."""

    def __init__(self, what: str, path: list[Step], state: State) -> None:
        way = "".join(f"\n  {' '.join(map(str, step))}" for step in path)
        super().__init__(f"{what}, after{way}\n{state}")
        self.what = what
        self.path = path


class Search:
    """A search from one start. Of states that differ only in who is called what, one is visited."""

    def __init__(self, rules: Rules, start: State) -> None:
        self.steps = 0
        self._rules = rules
        self._start = start
        self._states: dict[Key, State] = {}
        self._came: dict[Key, tuple[Key, Step]] = {}
        """From where each state was first reached, and how."""
        self._before: dict[Key, list[Key]] = {}
        """From where each state is reached when every worker has crashed."""

    def run(self) -> int:
        """Visit all states; returns how many there are. Raises `Wrong`."""
        first = key_of(self._start)
        ahead = deque([first])
        self._states[first] = self._start
        while ahead:
            ahead += self._visit(ahead.popleft())
        self._check_aftermath()
        return len(self._states)

    def _visit(self, key: Key) -> list[Key]:
        """Take every step from a state; returns the states not known before."""
        state = self._states[key]
        fresh: list[Key] = []
        for step, after in self._rules.steps(state):
            self.steps += 1
            if wrong := wrong_step(state, step, after):
                raise Wrong(wrong, [*self._path(key), step], after)
            reached = key_of(after)
            if step[0] in AFTERMATH:
                self._before.setdefault(reached, []).append(key)
            if reached not in self._states:
                self._states[reached] = after
                self._came[reached] = key, step
                fresh.append(reached)
                if wrong := wrong_state(after):
                    raise Wrong(wrong, self._path(reached), after)
        return fresh

    def _path(self, key: Key) -> list[Step]:
        path: list[Step] = []
        while key in self._came:
            key, step = self._came[key]
            path.append(step)
        return path[::-1]

    def _check_aftermath(self) -> None:
        """Let every worker crash, in whatever state: maintenance alone frees all they had."""
        free = {key for key, state in self._states.items() if _at_rest(state)}
        ahead = list(free)
        while ahead:
            for key in self._before.get(ahead.pop(), ()):
                if key not in free:
                    free.add(key)
                    ahead.append(key)
        for key, state in self._states.items():
            if key not in free:
                raise Wrong("nothing frees a job", self._path(key), state)


def _at_rest(state: State) -> bool:
    return not any(job.lock or job.status == "running" for job in state.jobs)


def key_of(state: State) -> Key:
    """The same for states in which only the names of workers, and of like jobs, are exchanged."""
    if state.seen:
        return state
    jobs = tuple(map(_nameless, state.jobs))
    hands = [(job.worker, job.claimer) for job in state.jobs]
    ways = [(jobs, hands)]
    if len(jobs) == 2 and jobs[0] >= jobs[1]:
        ways = [(jobs[::-1], hands[::-1]), *ways[: jobs[0] == jobs[1]]]
    return min((jobs, _workers(state.workers, hands)) for jobs, hands in ways)


def _nameless(job: Job) -> Key:
    return (*job[:3], *job[4:-1], job.lock[:1] if job.claimer >= 0 else job.lock)


def _workers(workers: tuple[str, ...], hands: list[tuple[int, int]]) -> Key:
    """What each has in hand, in no order of their own."""
    return tuple(sorted((is_, tuple(n in hand for hand in hands)) for n, is_ in enumerate(workers)))
