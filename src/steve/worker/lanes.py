"""The connections of a worker, by what they are for."""

from __future__ import annotations

from steve.database.database import Database
from steve.worker.lane import Lane

PROMPT = 10.0
"""Seconds within which claims and finishes are answered; half a lease, where that is longer. A
connection that went deaf is given up then, after five more in which psycopg asks the server to
cancel: what has still been done about the statement is found out afterwards."""

_MARGIN = 5.0
"""Seconds for the way there and back, beyond what the server lets a statement take."""


class Lanes:
    """One lane each for claims, for finishes, and for what may take its time.

    `longest` is how many seconds after it was sent a statement may still be carried out.
    """

    def __init__(self, database: Database, lease: float) -> None:
        self.longest = database.statement_timeout + _MARGIN
        prompt = min(self.longest, max(PROMPT, lease / 2))
        self.claims = Lane(database, "steve worker claims", prompt)
        self.finishes = Lane(database, "steve worker finishes", prompt)
        self.housekeeping = Lane(database, "steve worker housekeeping", self.longest)

    async def close(self) -> None:
        """Close all of them."""
        for lane in (self.claims, self.finishes, self.housekeeping):
            await lane.close()
