"""Which function handles which type."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from steve.core.errors import OptionError, OptionTypeError
from steve.core.job import Job
from steve.core.registry import Registry, noop
from support.jobs import job


async def on_loop(job: Job) -> None: ...


def in_thread(job: Job) -> None: ...


async def with_flag(flag: bool, job: Job) -> None: ...


class AsyncCall:
    async def __call__(self, job: Job) -> None: ...

    async def method(self, job: Job) -> None: ...


class Call:
    def __call__(self, job: Job) -> None: ...

    def method(self, job: Job) -> None: ...

    @staticmethod
    async def alone(job: Job) -> None: ...


def generator(job: Job) -> Iterator[int]:
    yield 1


async def async_generator(job: Job) -> AsyncIterator[int]:
    yield 1


class GeneratorCall:
    def __call__(self, job: Job) -> Iterator[int]:
        yield 1


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (on_loop, "async"),
        (functools.partial(with_flag, True), "async"),
        (functools.partial(functools.partial(with_flag), True), "async"),
        (AsyncCall(), "async"),
        (AsyncCall().method, "async"),
        (functools.partial(AsyncCall()), "async"),
        (Call.alone, "async"),
        (noop, "async"),
        (in_thread, "thread"),
        (functools.partial(in_thread), "thread"),
        (lambda job: None, "thread"),
        (Call(), "thread"),
        (Call().method, "thread"),
        (print, "thread"),
        (dict, "thread"),
    ],
)
def test_finds_out_where_a_handler_runs(function: Any, kind: str):
    handler = Registry().register("t", function)
    assert handler.kind == kind
    assert handler.function is function


@pytest.mark.parametrize("function", [5, "module:function", ["x"]])
def test_a_handler_is_a_function(function: Any):
    with pytest.raises(OptionTypeError, match="the handler of 't' must be a function"):
        Registry().register("t", function)
    with pytest.raises(OptionTypeError, match="the fallback handler must be a function"):
        Registry(function)
    with pytest.raises(OptionTypeError, match="not None"):
        Registry().register("t", None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "function",
    [generator, async_generator, GeneratorCall(), functools.partial(generator)],
)
def test_a_generator_is_no_handler(function: Any):
    with pytest.raises(OptionTypeError, match="is a generator"):
        Registry().register("t", function)


@pytest.mark.parametrize(
    "function", [lambda: None, lambda job, more: None, lambda *, job: None, with_flag]
)
def test_a_handler_takes_the_job(function: Any):
    with pytest.raises(OptionTypeError, match="must take one argument, the job"):
        Registry().register("t", function)


def test_types_and_options_are_checked():
    with pytest.raises(OptionError, match="type must have 1 to 255"):
        Registry().register("", on_loop)
    with pytest.raises(OptionTypeError, match="unknown option 'colour'"):
        Registry().register("t", on_loop, {"colour": 1})
    with pytest.raises(OptionTypeError, match="handlers must be a mapping"):
        Registry(handlers=[on_loop])  # type: ignore[arg-type]
    handler = Registry().register("t", on_loop, {"timeout": 5, "tags": ("a",)})
    assert handler.defaults == {"timeout": 5.0, "tags": ["a"]}


def test_resolves_its_own_handler_before_the_fallback():
    registry = Registry(in_thread, {"a": on_loop})
    own, fallback = registry.resolve("a"), registry.resolve("b")
    assert own is not None
    assert fallback is not None
    assert (own.type, own.function) == ("a", on_loop)
    assert (fallback.type, fallback.function) == (None, in_thread)
    assert registry.has("a")
    assert not registry.has("b")
    registry.set_fallback(None)
    assert registry.resolve("b") is None


def test_names_the_types_to_claim():
    registry = Registry()
    assert registry.types() == []
    registry.register("b", on_loop)
    registry.register("a", on_loop)
    assert registry.types() == ["a", "b"]
    registry.set_fallback(noop)
    assert registry.types() is None


def test_replaces_removes_and_resets():
    registry = Registry(noop, {"a": on_loop, "b": on_loop})
    registry.register("a", in_thread)
    replaced = registry.resolve("a")
    assert replaced is not None
    assert replaced.function is in_thread
    assert registry.unregister("a")
    assert not registry.unregister("a")
    registry.reset()
    assert not registry.has("b")
    assert registry.resolve("b") is not None


def test_tells_of_each_real_change():
    changes: list[str] = []
    registry = Registry(noop, {"a": on_loop}, on_change=lambda: changes.append("now"))
    assert changes == []
    for act, told in (
        (lambda: registry.register("b", on_loop), 1),
        (lambda: registry.unregister("b"), 2),
        (lambda: registry.unregister("b"), 2),
        (lambda: registry.reset(), 3),
        (lambda: registry.reset(), 3),
        (lambda: registry.set_fallback(None), 4),
        (lambda: registry.set_fallback(None), 4),
        (lambda: registry.set_fallback(noop), 5),
    ):
        act()
        assert len(changes) == told


async def test_noop_does_nothing_and_says_so():
    assert await noop(job()) == {"noop": True}
