"""Every seeded bug is found, by the test that is named for it.

A few of them have their turn here, and none whose test waits for what does not come; all of them in
`make mutations`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mutations.code import IN_CODE
from mutations.gate import Mutant, Survived, kill, run_tests
from mutations.monitor import IN_MONITOR
from mutations.statements import IN_STATEMENTS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(180)

ALL = [*IN_STATEMENTS, *IN_CODE, *IN_MONITOR]
FEW = [mutant for mutant in ALL if not mutant.slow][::8]
MUTANTS = ALL if "STEVE_TEST_ALL_MUTANTS" in os.environ else FEW

HARMLESS = Mutant(
    "no bug",
    "core/text.py",
    "from __future__ import annotations\n",
    "from __future__ import annotations  # as before\n",
    "tests/unit/core/test_backoff.py::test_counts_below_one_are_one",
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_it_is_killed(mutant: Mutant, tmp_path: Path, server_dsn: str) -> None:
    kill(mutant, tmp_path, server_dsn)


def test_its_killer_passes_as_things_are(server_dsn: str) -> None:
    run = run_tests(sorted({mutant.killer for mutant in MUTANTS}), server_dsn)
    assert run.returncode == 0, run.stdout + run.stderr


def test_what_is_no_bug_survives(tmp_path: Path, server_dsn: str) -> None:
    with pytest.raises(Survived, match="no bug: pytest ended with 0"):
        kill(HARMLESS, tmp_path, server_dsn)


def test_what_cannot_be_imported_is_not_killed(tmp_path: Path, server_dsn: str) -> None:
    with pytest.raises(Survived, match="SyntaxError"):
        kill(replace(HARMLESS, new="from __future__ import\n"), tmp_path, server_dsn)


def test_what_is_not_there_is_told(tmp_path: Path, server_dsn: str) -> None:
    with pytest.raises(ValueError, match=r"no bug: core/text\.py has 0 times\ngone"):
        kill(replace(HARMLESS, old="gone"), tmp_path, server_dsn)
