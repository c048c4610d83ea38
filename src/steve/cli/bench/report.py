"""What a benchmark found, for programs and for people."""

from __future__ import annotations

from statistics import median

import click
import msgspec

from steve.cli.bench.facts import Facts
from steve.cli.bench.measure import Latency


class Rates(msgspec.Struct, frozen=True):
    """Jobs per second: the median of the rounds, and each of them."""

    jobs: int
    median: float
    rounds: list[float]

    @classmethod
    def of(cls, jobs: int, rounds: list[float]) -> Rates:
        """Sum up the rates of rounds with `jobs` jobs each."""
        return cls(jobs, round(median(rounds), 1), [round(rate, 1) for rate in rounds])


class Pickup(msgspec.Struct, frozen=True):
    """From create to the handler's start on an idle system, in milliseconds."""

    samples: int
    from_call: Latency
    from_return: Latency


class Report(msgspec.Struct, frozen=True):
    """All of it. Rates are jobs per second."""

    database: str
    schema: str
    facts: Facts
    concurrency: int
    create: Rates
    create_many: Rates
    drain: Rates
    pickup: Pickup | None


def print_report(report: Report) -> None:
    """Print it for people."""
    facts = report.facts
    click.echo(
        f"steve {facts['steve']}, Python {facts['python']} ({facts['event_loop']}), "
        f"PostgreSQL {facts['postgresql']}, {facts['cores']} cores (load {facts['load']} before), "
        f"{facts['platform']}"
    )
    said = ("steve", "python", "event_loop", "postgresql", "cores", "load", "platform", "machine")
    click.echo(", ".join(f"{name} {value}" for name, value in facts.items() if name not in said))
    click.echo()
    _line("create, one by one", report.create)
    _line("create_many, one call", report.create_many)
    _line(f"drain, one worker of {report.concurrency}", report.drain)
    if report.pickup is not None:
        samples = report.pickup.samples
        click.echo()
        _quantiles(f"pickup from create's call ({samples})", report.pickup.from_call)
        _quantiles(f"pickup from create's return ({samples})", report.pickup.from_return)


def _line(name: str, rates: Rates) -> None:
    spread = ""
    if len(rates.rounds) > 1:
        lowest, highest = min(rates.rounds), max(rates.rounds)
        spread = f", {len(rates.rounds)} rounds from {lowest:,.0f} to {highest:,.0f}"
    click.echo(f"{name:<34}{rates.median:>10,.0f} jobs/s  ({rates.jobs:,} jobs{spread})")


def _quantiles(name: str, latency: Latency) -> None:
    click.echo(
        f"{name:<34}{latency.median:>10.2f} ms median, {latency.p95:.2f} ms p95, "
        f"{latency.p99:.2f} ms p99"
    )
