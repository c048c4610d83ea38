"""Markdown tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.plan import EVERYBODY
from bench.report.summary import Summary, ratio_text
from bench.report.targets import STEVE, Target
from bench.workload import OurWorkload, Workload

Row = Sequence[str]

LOUD = 0.3
"""Cores that other programs may use before it is said."""


def table(head: Row, rows: Sequence[Row], *, left: int = 1) -> str:
    """A table whose first `left` columns are aligned to the left, the others to the right."""
    marks = [":--" if number < left else "--:" for number in range(len(head))]
    lines = [head, marks, *rows]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines)


def _escaped(cell: str) -> str:
    return cell.replace("|", "∣").replace("\n", " ")


def facts(summary: Summary) -> str:
    """What it was measured on."""
    known = summary.run.facts
    settings = ", ".join(f"`{name} = {value}`" for name, value in known["settings"].items())
    scale = "" if known["scale"] == 1 else f" Sizes are multiplied by {known['scale']:g}."
    quick = " A quick run: fewer jobs, and one round of most." if known["quick"] else ""
    return (
        f"Measured on {known['date']} at commit `{known['commit']}`: {known['cores']} cores of "
        f"{known['processor']}, {known['memory_gb']} GB of memory, {known['system']}; data on "
        f"{known['file_system']}, where 8 kB take {known['fdatasync_us']} µs to reach the disk. "
        f"PostgreSQL {known['postgresql']} with {settings}; everything else at its default. "
        f"Clients and server share the cores and talk over loopback.{scale}{quick}"
    )


def participants(summary: Summary) -> str:
    """Who took part, and who could not."""
    rows = [
        (
            name,
            told["version"] or "–",
            told["missing"] or told["settings"],
            told["keeps"],
        )
        for name, told in summary.run.participants.items()
    ]
    return table(("contender", "version", "configuration", "left of a finished job"), rows, left=4)


def targets(found: Sequence[Target]) -> str:
    """The targets, and whether they are reached."""
    words = {True: "yes", False: "**no**", None: "not measured"}
    rows = [
        (
            target.title,
            target.found.text(target.digits) + target.unit if target.found else "–",
            f"{'≤' if target.at_most else '≥'} {target.limit:g}{target.unit}",
            words[target.reached],
        )
        for target in found
    ]
    return table(("figure", "measured", "target", "reached"), rows)


def workload(summary: Summary, measured: Workload) -> str:
    """The figures of one workload: of all contenders, or of steve alone."""
    if isinstance(measured, OurWorkload):
        return _ours(summary, measured)
    names = summary.contenders(measured.name)
    compared = measured.compared and any(name == STEVE for name in names)
    head = ["contender", *(figure.heading for figure in measured.figures)]
    if compared:
        head.append(_comparison(measured))
    rows = [
        [
            name,
            *_cells(summary, measured, name),
            *([_ratio(summary, measured, name)] if compared else []),
        ]
        for name in names
    ]
    return table(head, rows) + _footnotes(summary, measured, names)


def _ours(summary: Summary, measured: Workload) -> str:
    """A table that stands upright: figures are rows, configurations are columns."""
    names = summary.contenders(measured.name)
    columns = [_cells(summary, measured, name) for name in names]
    rows = [
        [figure.heading, *(column[number] for column in columns)]
        for number, figure in enumerate(measured.figures)
    ]
    return table(["figure", *names], rows) + _footnotes(summary, measured, names)


def _cells(summary: Summary, measured: Workload, name: str) -> list[str]:
    cells: list[str] = []
    for figure in measured.figures:
        spread = summary.spread(measured.name, name, figure.key)
        cells.append(spread.text(figure.digits) if spread else "–")
    return cells


def _comparison(measured: Workload) -> str:
    figure = next(one for one in measured.figures if one.key == measured.compared)
    return f"{STEVE} over it ({figure.heading})"


def _ratio(summary: Summary, measured: Workload, name: str) -> str:
    if name == STEVE:
        return "1"
    ratio = summary.ratio(measured.name, measured.compared, STEVE, name)
    return ratio_text(ratio) if ratio else "–"


def _footnotes(summary: Summary, measured: Workload, names: Sequence[str]) -> str:
    notes = [
        f"- {name}: {remark}" for name in names for remark in summary.remarks(measured.name, name)
    ]
    notes += [f"- {name}: not measured, {why}" for name, why in _left_out(summary, measured)]
    noises = {name: summary.noise(measured.name, name) for name in names}
    loud = [f"{name} {noise:.1f}" for name, noise in noises.items() if noise > LOUD]
    if loud:
        notes.append(f"- other programs used so many cores meanwhile: {', '.join(loud)}")
    return "\n\n" + "\n".join(notes) if notes else ""


def _left_out(summary: Summary, measured: Workload) -> Iterator[tuple[str, str]]:
    """Those that would take part but cannot: nobody is left out without a reason."""
    for contender in EVERYBODY:
        told = summary.run.participants.get(contender.name)
        if told is None or not measured.takes(contender):
            continue
        if summary.records(measured.name, contender.name):
            continue
        reason = told["missing"] or measured.reason(contender) or "time was over"
        yield contender.name, reason
