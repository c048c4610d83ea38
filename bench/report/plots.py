"""Which plots there are."""

from __future__ import annotations

from collections.abc import Iterator

from bench.report.summary import Summary
from bench.report.svg import OURS, PEER, YARDSTICK, Bar, Curve, bars, curves
from bench.report.targets import STEVE
from bench.workload import OurWorkload, Workload
from bench.workloads import WORKLOADS

YARDSTICKS = {"bare", "own", "raw"}
_RATES = {"rate", "statements"}


def plots(summary: Summary) -> Iterator[tuple[str, str]]:
    """Every plot: the name of its workload, and the SVG."""
    for workload in WORKLOADS:
        if isinstance(workload, OurWorkload):
            drawn = _ours(summary, workload)
        else:
            drawn = _compared(summary, workload)
        if drawn:
            yield workload.name, drawn


def _compared(summary: Summary, workload: Workload) -> str:
    """Bars of the figure that contenders are compared by, the best first."""
    key = workload.compared or "ratio"
    figure = next(one for one in workload.figures if one.key == key)
    items: list[Bar] = []
    for name in summary.contenders(workload.name):
        if spread := summary.spread(workload.name, name, key):
            text = f"{spread.median:,.{figure.digits}f}"
            low, high = min(spread.values), max(spread.values)
            items.append(Bar(name, spread.median, text, _colour(name), low, high))
    if not items:
        return ""
    items.sort(key=lambda item: item.value, reverse=not figure.less_is_better)
    values = [item.value for item in items if item.value > 0]
    wide = bool(values) and max(values) / min(values) > 30
    return bars(f"{workload.title}: {figure.heading}", items, logarithmic=wide)


def _ours(summary: Summary, workload: Workload) -> str:
    if workload.name == "hard":
        return _hard(summary, workload)
    curve = summary.curve(workload.name, STEVE)
    if not curve:
        return ""
    if workload.name == "snapshot":
        return curves(workload.title, "seconds", "slowest claim, ms", [Curve("steve", curve)])
    return curves(workload.title, "jobs done", "MB resident", [Curve("steve", curve)])


def _hard(summary: Summary, workload: Workload) -> str:
    items: list[Bar] = []
    for figure in workload.figures:
        spread = summary.spread(workload.name, STEVE, figure.key)
        if figure.key.endswith("_ratio") and spread:
            items.append(
                Bar(
                    figure.heading.removesuffix(", ratio"),
                    spread.median,
                    spread.text(2),
                    OURS,
                    min(spread.values),
                    max(spread.values),
                )
            )
    return bars(f"{workload.title}: over the simple drain", items) if items else ""


def _colour(name: str) -> str:
    peer = name.partition("/")[0]
    return OURS if peer == "steve" else YARDSTICK if peer in YARDSTICKS else PEER
