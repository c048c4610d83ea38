"""The state machine of jobs, against a plain model of it, on PostgreSQL."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from model.machine import JobMachine
from model.rows import CLOCK

pytestmark = [pytest.mark.any_postgres, pytest.mark.timeout(420)]

BOUNDS = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)


def test_jobs_do_what_the_model_does(migrated_dsn: str) -> None:
    with psycopg.connect(migrated_dsn, autocommit=True) as connection:
        connection.execute(CLOCK)

        class Machine(JobMachine):
            pass

        Machine.connection = connection
        run_state_machine_as_test(Machine, settings=BOUNDS)
