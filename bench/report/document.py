"""The report as a document: in the folder of its run, and in the project's documentation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from bench.install import ROOT
from bench.records import FILE, Journal, Run
from bench.report import tables
from bench.report.plots import plots
from bench.report.summary import Summary
from bench.report.targets import targets
from bench.workloads import WORKLOADS

PAGE = ROOT / "docs" / "benchmarks.md"
PICTURES = ROOT / "docs" / "benchmarks"
BEGIN = "<!-- measured: written by `make bench` -->"
END = "<!-- end of what was measured -->"


class NoPlace(Exception):
    """The page has no place for the measured part; the message says which marks it lacks."""


def write(run: Run, folder: Path) -> str:
    """Write tables and plots into a folder; returns the text. Plots are linked beside it."""
    summary = Summary(run)
    drawn = dict(plots(summary))
    for name, svg in drawn.items():
        (folder / f"{name}.svg").write_text(svg)
    text = "\n\n".join(_parts(summary, {name: f"{name}.svg" for name in drawn})) + "\n"
    (folder / "report.md").write_text(text)
    if not (folder / FILE).exists():
        journal = Journal(folder, run.facts, run.participants)
        for record in run.records:
            journal.add(record)
    return text


def publish(run: Run) -> Path:
    """Put the report in place of the measured part of the page. Raises NoPlace."""
    page = PAGE.read_text()
    before, found, rest = page.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not (found and closed):
        raise NoPlace(f"{PAGE} must have the lines {BEGIN} and {END}")
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    write(run, PICTURES)
    (PICTURES / "report.md").unlink()
    summary = Summary(run)
    places = {path.stem: f"benchmarks/{path.name}" for path in PICTURES.glob("*.svg")}
    text = "\n\n".join(_parts(summary, places))
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    return PAGE


def _parts(summary: Summary, pictures: dict[str, str]) -> Iterator[str]:
    yield tables.facts(summary)
    yield "Figures are medians of the rounds, with the lowest and the highest in brackets."
    yield "## Targets"
    yield tables.targets(list(targets(summary)))
    for workload in WORKLOADS:
        if not summary.contenders(workload.name):
            continue
        yield f"## {workload.title}"
        yield workload.explanation
        if workload.name in pictures:
            yield f"![{workload.title}]({pictures[workload.name]})"
        yield tables.workload(summary, workload)
    yield "## Who took part"
    yield tables.participants(summary)
