"""Bugs in the monitor: what would let in who may not, or tell what is hidden."""

from __future__ import annotations

from mutations.gate import Mutant

TESTS = "tests/monitor"

IN_MONITOR = [
    Mutant(
        "a request from another site is taken",
        "monitor/guard/forgery.py",
        'if site not in {None, "same-origin"}:',
        "if False:",
        f"{TESTS}/test_guard.py::test_a_foreign_page_can_do_nothing[headers7-another site]",
    ),
    Mutant(
        "a request from another origin is taken",
        "monitor/guard/forgery.py",
        "    if origin is not None and not _is_ours(",
        "    if False and not _is_ours(",
        f"{TESTS}/test_guard.py::test_a_foreign_page_can_do_nothing[headers4-another origin]",
    ),
    Mutant(
        "the token of a page is not compared",
        "monitor/guard/forgery.py",
        "not same(given, token(cookie, viewer, secret))",
        "not given",
        f"{TESTS}/test_guard.py::test_a_foreign_page_can_do_nothing[headers1-X-Steve-Token]",
    ),
    Mutant(
        "a proxy on this machine passes for somebody on it",
        "monitor/guard/authentication.py",
        "            if header in request.headers:\n",
        "            if False:\n",
        f"{TESTS}/test_guard.py::test_nothing_is_answered_to_strangers"
        "[headers7-127.0.0.1-options7-403]",
    ),
    Mutant(
        "any name leads to the monitor",
        "monitor/guard/hosts.py",
        "any_host and not self.given",
        "True",
        f"{TESTS}/test_guard.py::test_nothing_is_answered_to_strangers"
        "[headers0-127.0.0.1-options0-403]",
    ),
    Mutant(
        "whoever may look may act",
        "monitor/app.py",
        "if endpoint.acts and not asked.may_act:",
        "if False:",
        f"{TESTS}/test_guard.py::test_a_monitor_is_read_only_unless_told_otherwise",
    ),
    Mutant(
        "what is hidden can be searched",
        "monitor/redaction.py",
        "if path is not None and self._redact is not None:",
        "if False:",
        f"{TESTS}/test_redaction.py::test_nothing_that_is_hidden_is_said[all]",
    ),
    Mutant(
        "an action leaves no record",
        "monitor/api/acting.py",
        "            await transaction.run(record(actor, verb, target, len(changed)))\n",
        "",
        f"{TESTS}/test_acting.py::test_jobs_are_cancelled_by_name",
    ),
    Mutant(
        "a page that does not read is waited for",
        "monitor/live/client.py",
        "            self.left.set()\n",
        "            pass\n",
        f"{TESTS}/test_events.py::test_who_does_not_read_is_left",
        slow=True,
    ),
]
