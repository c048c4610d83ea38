"""Bugs in the SQL: a fence, a lock, a guard or a count that somebody forgot."""

from __future__ import annotations

from mutations.gate import Mutant

SQL = "tests/integration/sql"
FENCING = f"{SQL}/test_fencing.py"
RESCUE = f"{SQL}/test_rescue.py"
PAIRS = f"{SQL}/test_pairs.py::test_two_operations_at_once"
REPLAY = f"{SQL}/test_replay.py::test_the_database_goes_the_same_way"
WORKER = "sql/statements/worker"
MAINTENANCE = "sql/statements/maintenance"

IN_STATEMENTS = [
    Mutant(
        "a completion without its fence",
        f"{WORKER}/complete.sql",
        "        and j.attempt_id = d.attempt_id\n",
        "",
        f"{FENCING}::test_a_zombie[complete]",
    ),
    Mutant(
        "another outcome without its fence",
        f"{WORKER}/settle.sql",
        " and e.attempt_id = j.attempt_id",
        "",
        f"{FENCING}::test_a_zombie[error]",
    ),
    Mutant(
        "progress without its fence",
        f"{WORKER}/progress.sql",
        " and j.attempt_id = p.attempt_id",
        "",
        f"{FENCING}::test_a_lost_attempt_changes_nothing[taken over]",
    ),
    Mutant(
        "a look for cancellations without its fence",
        f"{WORKER}/cancellations.sql",
        " and j.attempt_id = a.attempt_id",
        "",
        f"{FENCING}::test_a_lost_attempt_changes_nothing[tried again]",
    ),
    Mutant(
        "a question about an attempt without its fence",
        f"{WORKER}/verify.sql",
        " and j.attempt_id = a.attempt_id",
        "",
        f"{FENCING}::test_nothing_is_said_of_an_attempt_that_another_followed",
    ),
    Mutant(
        "a completion of what is not running any more",
        f"{WORKER}/complete.sql",
        "        and j.status = 'running'\n",
        "",
        f"{FENCING}::test_a_lost_attempt_changes_nothing[given back]",
    ),
    Mutant(
        "an outcome counts as often as it is sent",
        f"{WORKER}/settle.sql",
        "    where j.status = 'running'\n    order by",
        "    order by",
        f"{FENCING}::test_a_report_that_is_sent_again[error-error]",
    ),
    Mutant(
        "a completion passes over a request to cancel",
        f"{WORKER}/complete.sql",
        "        and j.cancel_requested_at is null\n",
        "",
        f"{SQL}/test_settle.py::test_a_requested_cancellation_refuses_completion",
    ),
    Mutant(
        "one attempt too many",
        f"{WORKER}/settle.sql",
        "j.attempts - j.refunded >= j.max_attempts",
        "j.attempts - j.refunded > j.max_attempts",
        f"{SQL}/test_settle.py::test_outcomes[error-the last attempt]",
    ),
    Mutant(
        "a snooze spends an attempt",
        f"{WORKER}/settle.sql",
        "(h.outcome in ('snoozed', 'released'))",
        "(h.outcome in ('released'))",
        f"{SQL}/test_settle.py::test_outcomes[snoozed-attempts left]",
    ),
    Mutant(
        "a claim does not lock its worker",
        f"{WORKER}/claim.sql",
        "    for key share\n",
        "",
        f"{RESCUE}::test_a_claim_in_flight_is_not_left_behind",
    ),
    Mutant(
        "a claim by name does not lock its worker",
        f"{WORKER}/claim_one.sql",
        "    for key share\n",
        "",
        f"{SQL}/test_claim_one.py::test_its_worker_is_not_buried_meanwhile",
    ),
    Mutant(
        "the dead may claim",
        f"{WORKER}/claim.sql",
        " and w.died_at is null and w.expires_at > steve.now()",
        " and w.expires_at > steve.now()",
        f"{SQL}/test_claim.py::test_who_is_not_alive_gets_nothing[retired]",
    ),
    Mutant(
        "who is silent may claim",
        f"{WORKER}/claim.sql",
        " and w.died_at is null and w.expires_at > steve.now()",
        " and w.died_at is null",
        f"{SQL}/test_claim.py::test_who_is_not_alive_gets_nothing[silent]",
    ),
    Mutant(
        "all suspects at once",
        f"{WORKER}/claim.sql",
        " and suspects = 1 and ",
        " and ",
        f"{SQL}/test_suspects.py::test_one_suspect_at_a_time",
    ),
    Mutant(
        "a claim waits for what others have",
        f"{WORKER}/claim.sql",
        "        for update skip locked\n",
        "        for update\n",
        f"{PAIRS}[claim-during-claim-of-pending-job-alive-worker-commit]",
    ),
    Mutant(
        "stopping does not wait for a claim in flight",
        f"{WORKER}/retire.sql",
        "    for update\n",
        "",
        f"{RESCUE}::test_a_claim_in_flight_when_its_worker_stops",
    ),
    Mutant(
        "a renewal revives the dead",
        f"{WORKER}/renew.sql",
        " and died_at is null",
        "",
        f"{RESCUE}::test_death_is_final",
    ),
    Mutant(
        "a rescue takes from the living",
        f"{MAINTENANCE}/rescue.sql",
        " and w.died_at is not null",
        "",
        f"{RESCUE}::test_the_living_lose_nothing",
    ),
    Mutant(
        "a rescue by id, of what it saw before",
        f"{MAINTENANCE}/rescue.sql",
        "    for update of j skip locked\n",
        "",
        f"{PAIRS}[rescue-during-finish-of-running-job-dead-worker-commit]",
    ),
    Mutant(
        "a rescue does not count the crash",
        f"{MAINTENANCE}/rescue.sql",
        "        crashes = j.crashes + 1,\n",
        "",
        f"{RESCUE}::test_a_job_survives_max_crashes_of_its_workers[1]",
    ),
    Mutant(
        "one crash too few",
        f"{MAINTENANCE}/rescue.sql",
        "j.crashes + 1 > j.max_crashes",
        "j.crashes + 1 >= j.max_crashes",
        f"{REPLAY}[5]",
    ),
    Mutant(
        "a crash spends an attempt",
        f"{MAINTENANCE}/rescue.sql",
        "        refunded = j.refunded + 1,\n",
        "",
        f"{RESCUE}::test_a_job_survives_max_crashes_of_its_workers[3]",
    ),
    Mutant(
        "a rescue forgets a request to cancel",
        f"{MAINTENANCE}/rescue.sql",
        "            when j.cancel_requested_at is not null then 'cancelled'\n",
        "",
        f"{RESCUE}::test_a_requested_cancellation_ends_it[3]",
    ),
    Mutant(
        "a burial of who is claiming",
        f"{MAINTENANCE}/bury.sql",
        "    for update skip locked\n",
        "    for no key update skip locked\n",
        f"{RESCUE}::test_a_claim_in_flight_is_not_left_behind",
    ),
    Mutant(
        "a sweep that does not look",
        f"{MAINTENANCE}/sweep.sql",
        "and not exists (select from steve.job j where",
        "and not exists (select from steve.job j where false and",
        f"{RESCUE}::test_rescue_comes_in_batches_and_sweep_waits_for_the_last",
    ),
    Mutant(
        "a retry by hand without a start",
        "sql/migrations/0003_functions.sql",
        "greatest(max_attempts, attempts - refunded + starts)",
        "max_attempts",
        f"{SQL}/test_control.py::test_retry_gives_starts[1-1]",
    ),
    Mutant(
        "a job that is sent again runs again",
        "sql/migrations/0004_definers.sql",
        "    where live.uid = done.uid and",
        "    where false and live.uid = done.uid and",
        f"{SQL}/test_create.py::test_the_first_send_may_have_been_carried_out_meanwhile",
    ),
    Mutant(
        "a cancel that does not wait for a finish",
        "sql/migrations/0003_functions.sql",
        "    order by j.uid\n    for update;",
        "    order by j.uid;",
        f"{PAIRS}[cancel-during-claim-of-pending-job-alive-worker-commit]",
    ),
    Mutant(
        "a log line without its fence",
        f"{WORKER}/log.sql",
        " and j.attempt_id = n.attempt_id and j.status = 'running'",
        "",
        f"{SQL}/test_lines.py::test_who_has_lost_the_job_writes_nothing",
    ),
    Mutant(
        "a search without a window",
        "sql/statements/monitor/rows.sql",
        "    limit :window::bigint\n",
        "    limit 1000000000\n",
        f"{SQL}/test_monitor_jobs.py::test_a_window_counts_what_lies_together_in_the_archive",
    ),
    Mutant(
        "a sample that waits for no commit",
        "sql/statements/samples/take.sql",
        "steve.now() - interval '2 seconds'",
        "steve.now()",
        f"{SQL}/test_samples.py::test_a_commit_may_be_a_little_late",
    ),
    Mutant(
        "samples that are added up too early",
        "sql/statements/samples/add_up.sql",
        "where n.width = s.narrow and n.queue = ''",
        "where n.width = 10 and n.queue = ''",
        f"{SQL}/test_samples.py::test_a_stretch_waits_for_all_its_parts",
    ),
]
