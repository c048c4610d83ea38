"""Connections to a database whose clock can be set, empty at the start of each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from integration.sql.scene import Scene
from model.rows import CLEAR, CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.databases import Databases


@pytest.fixture(scope="session")
def shared_database(databases: Databases, migrated_template: str) -> Iterator[str]:
    """One database for all tests in here: making one takes longer than most of them."""
    with databases.temporary(migrated_template) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(CLOCK)
        yield dsn


@pytest.fixture(scope="session")
def idle(shared_database: str) -> Iterator[list[Scene]]:
    """Connections that no test uses at the moment: a fresh one knows no table and is slow."""
    scenes: list[Scene] = []
    yield scenes
    for scene in scenes:
        scene.close()


@pytest.fixture
def connect(shared_database: str, idle: list[Scene]) -> Iterator[Callable[[], Scene]]:
    """Gives connections for the time of the test. The database is empty at first."""
    used: list[Scene] = []

    def connect() -> Scene:
        used.append(idle.pop() if idle else Scene(shared_database))
        return used[-1]

    connect().connection.execute(CLEAR)
    idle.append(used.pop())
    yield connect
    idle += [scene for scene in used if scene.settle_down()]


@pytest.fixture
def scene(connect: Callable[[], Scene]) -> Scene:
    return connect()


@pytest.fixture
def scene_of_its_own(migrated_dsn: str) -> Iterator[Scene]:
    """A connection to a database of this test's own, with the real clock."""
    scene = Scene(migrated_dsn)
    yield scene
    scene.close()
