"""Fixtures of the tests of the doctor."""

from __future__ import annotations

import pytest

from steve.jobs.doctor import reference


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries the migrations again, as a new process would."""
    monkeypatch.setattr(reference, "_known", {})
