"""What a running server tells those who want to join it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from steve.database.embedded.paths import Layout


class State(msgspec.Struct, frozen=True):
    """One server that takes connections. True only while its supervisor's lock is held."""

    server: int
    """Process id of PostgreSQL's first process."""

    supervisor: int
    """Process id of the supervisor."""

    version: str
    socket_directory: str

    def write(self, layout: Layout) -> None:
        """Publish it in one step, so that nobody reads half of it."""
        draft = layout.state.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(self))
        draft.replace(layout.state)

    @classmethod
    def read(cls, layout: Layout) -> State | None:
        """The published state, or None while there is none."""
        try:
            return msgspec.json.decode(layout.state.read_bytes(), type=cls)
        except FileNotFoundError:
            return None
