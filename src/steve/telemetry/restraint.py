"""How often the log may say the same."""

from __future__ import annotations

from collections.abc import Hashable
from time import monotonic

BURST = 3
"""Lines of one subject that are written however quickly they come."""

EVERY = 2.0
"""Seconds after which one line more of that subject may be written."""


class Restraint:
    """A token bucket for each subject: a database that is away must not fill anybody's disk."""

    def __init__(self) -> None:
        self._accounts: dict[Hashable, _Account] = {}

    @property
    def kept_back(self) -> int:
        """Lines that were kept back, and that no later one of their subject has told of yet."""
        return sum(account.kept_back for account in self._accounts.values())

    def admit(self, subject: Hashable) -> int | None:
        """Ask to write a line.

        Returns how many lines of this subject were kept back since the last that was written, or
        None: this one is kept back too.
        """
        now = monotonic()
        account = self._accounts.get(subject)
        if account is None:
            account = self._accounts[subject] = _Account(now)
        return account.spend(now)


class _Account:
    __slots__ = ("earned_at", "kept_back", "tokens")

    def __init__(self, now: float) -> None:
        self.tokens = float(BURST)
        self.earned_at = now
        self.kept_back = 0

    def spend(self, now: float) -> int | None:
        self.tokens = min(BURST, self.tokens + (now - self.earned_at) / EVERY)
        self.earned_at = now
        if self.tokens < 1:
            self.kept_back += 1
            return None
        self.tokens -= 1
        kept_back, self.kept_back = self.kept_back, 0
        return kept_back
