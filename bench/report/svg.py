"""Plots as SVG, without a library: bars and curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 760
_LETTER, _VALUE = 6.9, 150
_ROW, _TOP, _BOTTOM = 22, 44, 26
_FONT = "font-family='system-ui, sans-serif'"
_INK, _FAINT, _PAPER = "#1f2328", "#d0d7de", "#ffffff"

OURS, PEER, YARDSTICK = "#0a7d5a", "#8c959f", "#c69026"
"""Colours of bars."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with the text beside it, and how far the rounds lie apart."""

    label: str
    value: float
    text: str
    colour: str = PEER
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """Points joined by a line."""

    label: str
    points: Sequence[tuple[float, float]]
    colour: str = OURS


def bars(title: str, items: Sequence[Bar], *, logarithmic: bool = False) -> str:
    """Horizontal bars, one below the other."""
    height = _TOP + _ROW * len(items) + 12
    left = 24 + _LETTER * max((len(item.label) for item in items), default=0)
    room = WIDTH - left - _VALUE
    place = _scale([item.high or item.value for item in items], room, logarithmic=logarithmic)
    parts = [_title(title + (" (logarithmic)" if logarithmic else ""))]
    for number, item in enumerate(items):
        top = _TOP + _ROW * number
        middle = top + _ROW / 2
        length = max(place(item.value), 1.0)
        parts += [
            _text(left - 8, middle + 4, item.label, anchor="end"),
            f"<rect x='{left:.1f}' y='{top + 4}' width='{length:.1f}' height='{_ROW - 8}' rx='2' "
            f"fill='{item.colour}'/>",
        ]
        end = length
        if item.low is not None and item.high is not None and item.high > item.low:
            low, high = place(item.low), place(item.high)
            end = max(end, high)
            parts.append(_line(left + low, middle, left + high, middle, _INK))
        parts.append(_text(left + end + 6, middle + 4, item.text))
    return _document(title, height, parts)


def curves(title: str, x_title: str, y_title: str, items: Sequence[Curve]) -> str:
    """Lines over a common pair of axes that begin at zero."""
    height, top, left, right = 330, _TOP + 16, 70, WIDTH - 20
    bottom = height - _BOTTOM - 18
    most_x = max((x for item in items for x, _ in item.points), default=1.0) or 1.0
    most_y = max((y for item in items for _, y in item.points), default=1.0) * 1.05 or 1.0
    parts = [_title(title)]
    for step in _steps(most_y):
        y = bottom - step / most_y * (bottom - top)
        parts += [
            _line(left, y, right, y, _FAINT),
            _text(left - 6, y + 4, f"{step:,g}", anchor="end"),
        ]
    for step in _steps(most_x):
        x = left + step / most_x * (right - left)
        parts.append(_text(x, bottom + 18, f"{step:,g}", anchor="middle"))
    parts += [
        _text((left + right) / 2, height - 8, x_title, anchor="middle"),
        _text(left, top - 10, y_title),
    ]
    for number, item in enumerate(items):
        points = " ".join(
            f"{left + x / most_x * (right - left):.1f},{bottom - y / most_y * (bottom - top):.1f}"
            for x, y in item.points
        )
        parts += [
            f"<polyline points='{points}' fill='none' stroke='{item.colour}' stroke-width='1.5'/>",
            _text(right, top - 10 + 16 * number, item.label, anchor="end", colour=item.colour),
        ]
    return _document(title, height, parts)


def _scale(values: Sequence[float], room: float, *, logarithmic: bool) -> Callable[[float], float]:
    most = max(values, default=1.0) or 1.0
    if not logarithmic:
        return lambda value: value / most * room
    least = min((value for value in values if value > 0), default=1.0)
    floor = math.floor(math.log10(least) - 0.3)
    width = max(math.log10(most) - floor, 0.1)
    return lambda value: max(math.log10(value) - floor, 0) / width * room if value > 0 else 0.0


def _steps(most: float) -> list[float]:
    """About five round numbers up to `most`."""
    rough = most / 5
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    return [step * number for number in range(int(most / step) + 1)]


def _title(title: str) -> str:
    return (
        f"<text x='14' y='24' font-size='15' font-weight='600' fill='{_INK}'>{escape(title)}</text>"
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", colour: str = _INK) -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='12' text-anchor='{anchor}' fill='{colour}'>"
        f"{escape(text)}</text>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return (
        f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}' "
        "stroke-width='1'/>"
    )


def _document(title: str, height: float, parts: Sequence[str]) -> str:
    return "\n".join(
        (
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height:.0f}' "
            f"viewBox='0 0 {WIDTH} {height:.0f}' role='img' {_FONT}>",
            f"<title>{escape(title)}</title>",
            f"<rect width='{WIDTH}' height='{height:.0f}' rx='6' fill='{_PAPER}'/>",
            *parts,
            "</svg>\n",
        )
    )
