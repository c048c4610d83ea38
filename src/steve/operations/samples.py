"""Samples: what ended in a stretch of time, what there was at its end; added up as time passes."""

from __future__ import annotations

from steve.operations.operation import Operation, nothing


def take() -> Operation[int]:
    """Sample the time since the last sample, if that is due; returns the number of rows written."""
    return Operation("samples/take", {}, lambda rows: rows[0][0], repeatable=True)


def add_up() -> Operation[int]:
    """Add samples up to wider ones; returns the number of rows written."""
    return Operation("samples/add_up", {}, lambda rows: rows[0][0], repeatable=True)


def forget_samples() -> Operation[None]:
    """Delete samples that wider ones stand for."""
    return Operation("samples/forget", {}, nothing, repeatable=True)
