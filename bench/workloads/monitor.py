"""The monitor beside a long history: what a page, and each call behind it, takes."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from urllib.parse import quote, unquote, urlsplit

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from bench.contender import Contender, Growth
from bench.growing import multiply
from bench.process import AdapterError
from bench.stage import Stage
from bench.workload import Figure, Measured, OurWorkload, Size
from bench.workloads.draining import drain
from bench.workloads.growth import MILLION, SEED

FAILED = 100_000
"""Failed jobs among the others."""

ROUNDS = 15
PAUSE = 1.2
"""Seconds between two rounds: answers are kept for one, for whoever asks the same."""

PAINTS = 5
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")

_CALLS = {
    "session": "session",
    "overview": "overview",
    "history_5m": "history?range=5m",
    "history_7d": "history?range=7d",
    "jobs": "jobs",
    "jobs_failed": "jobs?status=failed",
    "jobs_type": "jobs?type=bench&status=completed",
    "jobs_finished": "jobs?sort=finished",
    "jobs_nothing": "jobs?type=there-is-no-such-type",
    "jobs_path": "jobs?path=" + quote("$.n ? (@ == -1)"),
    "jobs_error": "jobs?status=failed&error=nothing-like-this",
    "count": "jobs/count?status=failed",
    "job": "jobs/{uid}",
    "log": "jobs/{uid}/log",
    "names": "names",
    "queues": "queues",
    "workers": "workers",
    "errors": "errors?seconds=604800",
    "actions": "actions",
}
"""Each call of the API that looks, below `api/`."""

_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"

_FAIL = """
update steve.job_archive set
    status = 'failed', result = null, fingerprint = 'f' || id % 10,
    error = jsonb_build_object('type', 'ValueError', 'message', 'seed ' || id)
where id % 2 = 0
"""

_SAMPLE = """
insert into steve.sample (width, queue, began_at, ready, scheduled, running, completed, waits, runs)
select w.width, '', began_at, 5, 1, 10, 12 * w.width, array_fill(w.width, array[12]),
    array_fill(w.width, array[16])
from (values (10, '2 hours'::interval), (60, '1 day'), (900, '9 days')) as w (width, kept)
cross join lateral generate_series(
    date_bin(w.width * interval '1 second', steve.now() - w.kept, 'epoch'),
    steve.now() - w.width * interval '1 second', w.width * interval '1 second'
) as began_at
on conflict do nothing
"""


class Monitor(OurWorkload):
    """Ten million finished jobs of ten days, a hundred thousand of them failed."""

    name = "monitor"
    title = "The monitor beside ten million archived jobs"
    explanation = (
        f"Medians of {ROUNDS} calls each, over HTTP, and of {PAINTS} first visits in Chromium: "
        "until it paints, and until the newest jobs are there."
    )
    figures = (
        Figure("paint", "first paint, ms", less_is_better=True),
        Figure("rows", "the newest jobs are shown, ms", less_is_better=True),
        Figure("worst", "slowest call of the API, ms", 1, less_is_better=True),
        *(
            Figure(key, f"`{unquote(path)}`, ms", 1, less_is_better=True)
            for key, path in _CALLS.items()
        ),
    )
    rounds = 1
    count = 10 * MILLION

    def seconds(self, contender: Contender, size: Size) -> float:
        return 60 + size.rows(self.count) / 25_000

    def run(self, stage: Stage, size: Size) -> Measured:
        stage.prepare(self.name, lambda: self._build(stage, size))
        ((uid,),) = stage.rows("select uid::text from steve.job_archive limit 1")
        with _monitor(stage.dsn) as url:
            medians = _called(url, uid)
            return {**_painted(url), "worst": max(medians.values()), **medians}

    def finish(self, stage: Stage) -> None:
        stage.forget(self.name)

    def _build(self, stage: Stage, size: Size) -> None:
        stage.fill(SEED)
        drain(stage, SEED)
        completed = stage.peer.history
        failed = [_failed(growth) for growth in completed]
        stage.rows(_FAIL)
        stage.rows(_SAMPLE)
        multiply(stage, failed, size.rows(FAILED))
        multiply(stage, completed, size.rows(self.count))


def _failed(growth: Growth) -> Growth:
    return replace(growth, rows="status = 'failed'")


@contextmanager
def _monitor(dsn: str) -> Generator[str, None, None]:
    """Run `steve monitor` for as long as the block runs; gives its URL."""
    command = [sys.executable, "-m", "steve", "monitor", "--port", "0"]
    environment = {**os.environ, "STEVE_DATABASE_URL": dsn}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            said = process.stdout.readline()
            if "http" not in said:
                raise AdapterError("steve monitor did not start")
            yield said.split()[-1]
        finally:
            process.terminate()


def _called(url: str, uid: str) -> dict[str, float]:
    """The median of each call, in milliseconds."""
    address = urlsplit(url)
    taken: dict[str, list[float]] = {key: [] for key in _CALLS}
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    for _ in range(ROUNDS):
        for key, path in _CALLS.items():
            began = time.perf_counter()
            connection.request("GET", f"{address.path}api/{path.format(uid=uid)}")
            answer = connection.getresponse()
            answer.read()
            taken[key].append((time.perf_counter() - began) * 1000)
            if answer.status != 200:
                raise AdapterError(f"{path}: {answer.status} {answer.reason}")
        time.sleep(PAUSE)
    connection.close()
    return {key: median(times) for key, times in taken.items()}


def _painted(url: str) -> Measured:
    """The medians of first visits to the list of jobs, each with a browser that knows nothing."""
    paints: list[float] = []
    shown: list[float] = []
    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for _ in range(PAINTS):
            page = browser.new_context().new_page()
            page.goto(f"{url}#/jobs")
            try:
                page.wait_for_selector("[data-testid=job-row]")
            except PlaywrightError as error:
                raise AdapterError("the monitor shows no jobs; was `make setup` run?") from error
            shown.append(page.evaluate("performance.now()"))
            paints.append(page.evaluate(_PAINT))
            page.context.close()
            time.sleep(PAUSE)
        browser.close()
    return {"paint": median(paints), "rows": median(shown)}
