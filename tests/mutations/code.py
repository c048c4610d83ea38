"""Bugs in the worker and in what it decides."""

from __future__ import annotations

from mutations.gate import Mutant

WORKER = "tests/integration/worker"
JOBS = "tests/integration/jobs"
CORE = "tests/unit/core"

IN_CODE = [
    Mutant(
        "a renewal of no row is swallowed",
        "worker/lease.py",
        "            if asked_to_stop is None:\n",
        "            if False:\n",
        f"{WORKER}/test_lease.py::test_a_worker_declared_dead_comes_back_under_a_new_id",
        slow=True,
    ),
    Mutant(
        "handlers are told when the lease is over already",
        "worker/lease.py",
        "self._lease * 0.9",
        "self._lease * 1.1",
        f"{WORKER}/test_lease.py::test_handlers_are_told_before_the_lease_ends[idle]",
        slow=True,
    ),
    Mutant(
        "jobs are started after the lease",
        "worker/executor.py",
        "            self._lease_over = self._overdue()\n",
        "            self._lease_over = False\n",
        f"{WORKER}/test_overdue.py::test_nothing_is_started_after_the_lease",
        slow=True,
    ),
    Mutant(
        "a transaction commits without its fence",
        "worker/transaction.py",
        "commit=became is not None",
        "commit=True",
        f"{WORKER}/test_transaction.py::test_a_lost_fence_rolls_back",
    ),
    Mutant(
        "a transaction commits what the handler gave up",
        "worker/transaction.py",
        "isinstance(outcome, Complete):\n            await _end(session, commit=False)",
        "isinstance(outcome, Complete):\n            await _end(session, commit=True)",
        f"{WORKER}/test_transaction.py::test_an_exception_after_the_block_rolls_back",
    ),
    Mutant(
        "a commit whose reply is lost counts as failed",
        "worker/transaction.py",
        "            became = await self._settle_lost_reply()\n",
        "            became = None\n",
        f"{WORKER}/test_transaction_faults.py::test_a_lost_reply_to_the_commit_is_settled",
    ),
    Mutant(
        "an error of a callback is an error of the worker",
        "events/calls.py",
        "        except BaseException:  # SystemExit too: a callback must not end a worker\n",
        "        except GeneratorExit:\n",
        f"{WORKER}/test_exceptions.py::test_a_callback_that_raises_does_not_touch_what_is_written",
        slow=True,
    ),
    Mutant(
        "jobs of a lost claim are forgotten",
        "worker/fetcher.py",
        "                self._doubt.arise()\n",
        "",
        f"{WORKER}/test_faults.py::test_jobs_of_a_claim_whose_reply_is_lost_are_given_back",
        slow=True,
    ),
    Mutant(
        "a job whose outcome is refused stays running",
        "worker/finisher.py",
        "        await self._write([Report(report.job, constants, report.wait, report.ran)])\n",
        "",
        f"{WORKER}/test_results.py::test_a_result_that_a_constraint_refuses_is_found_in_its_group",
        slow=True,
    ),
    Mutant(
        "claiming is not told when outcomes are written",
        "worker/finisher.py",
        "                self._on_written()\n",
        "",
        f"{WORKER}/test_prefetch.py::test_claiming_goes_on_as_soon_as_outcomes_are_written",
        slow=True,
    ),
    Mutant(
        "a completion that met a request to cancel is lost",
        "worker/finisher.py",
        "                cancelled.append(report)\n",
        "                continue\n",
        f"{WORKER}/test_cancel.py::test_a_request_that_is_committed_before_the_completion_wins",
        slow=True,
    ),
    Mutant(
        "what a stopped handler raised counts as its error",
        "worker/run.py",
        " or (reason is not None and not isinstance(error, ControlSignal)):\n",
        ":\n",
        f"{WORKER}/test_exceptions.py::test_raising_while_told_to_stop_is_no_error_of_the_job",
    ),
    Mutant(
        "backoff without a cap",
        "core/backoff.py",
        "        wait = min(self._undisturbed(max(n, 1)), self.cap)\n",
        "        wait = self._undisturbed(max(n, 1))\n",
        f"{CORE}/test_backoff.py::test_the_default_is_an_hour_at_most",
    ),
    Mutant(
        "the worker asks for another suspect",
        "worker/fetcher.py",
        "        suspects = not self._executor.has_suspect\n",
        "        suspects = True\n",
        f"{WORKER}/test_concurrency.py::test_suspects_run_one_at_a_time",
    ),
    Mutant(
        "refunded attempts lengthen the backoff",
        "core/outcome.py",
        "rule.delay(job.attempts - job.refunded)",
        "rule.delay(job.attempts)",
        f"{CORE}/test_outcome.py::test_refunded_attempts_do_not_lengthen_the_backoff",
    ),
    Mutant(
        "a create that is sent again is another one",
        "jobs/gathering.py",
        "            resent |= isinstance(error, psycopg.Error)\n        await",
        "            from uuid import uuid4; from msgspec.structs import replace\n"
        "            job = replace(job, uid=uuid4())\n        await",
        f"{JOBS}/test_create.py::test_a_create_whose_connection_is_lost_is_done_exactly_once"
        "[lose_answer]",
    ),
    Mutant(
        "a NUL in a payload",
        "core/codec.py",
        '    return b"\\\\u0000" in data or (len(data) > MOST_DIGITS',
        "    return (len(data) > MOST_DIGITS",
        f"{CORE}/test_codec.py::test_refusals_say_where_and_what[value2-$.a-NUL character]",
    ),
    Mutant(
        "a worker does not see the suspect that it has",
        "core/job.py",
        "self.crashes > (1 if self.max_crashes > 2 else 0)",
        "self.crashes > self.max_crashes",
        f"{WORKER}/test_concurrency.py::test_suspects_run_one_at_a_time",
    ),
    Mutant(
        "a log without an end",
        "worker/lines.py",
        "book.left_out or book.number >= MOST_LINES or book.bytes + size > MOST_BYTES",
        "False",
        f"{WORKER}/test_lines.py::test_what_is_too_much_is_counted[1]",
    ),
    Mutant(
        "a transaction that commits before the lines of its attempt",
        "worker/transaction.py",
        "        await self._lines.flush(self._job)\n",
        "",
        f"{WORKER}/test_lines.py::test_lines_are_written_before_a_transaction_commits[async]",
    ),
]
