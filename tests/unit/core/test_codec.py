"""Payloads and results as JSON: what comes back, and what is refused where."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steve.core.codec import decode, encode, encode_payload, encode_result
from steve.core.errors import PayloadError

MEBIBYTE = 1_048_576
GOOD_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | GOOD_TEXT
)
GOOD = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(GOOD_TEXT, inner, max_size=4),
    max_leaves=20,
)
BAD = st.sampled_from(
    [math.nan, math.inf, -math.inf, "a\0", "\ud800", b"x", {1}, object(), 1j, {1: 2}, {"\0": 1}]
)
HOSTILE = st.recursive(
    SCALARS | BAD,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(GOOD_TEXT | st.integers(), inner, max_size=4)
    ),
    max_leaves=20,
)


def refusal(value: Any, limit: int = MEBIBYTE) -> PayloadError:
    with pytest.raises(PayloadError) as caught:
        encode(value, limit=limit)
    path = caught.value.path
    assert path == "$" or path in str(caught.value)
    return caught.value


def same(left: Any, right: Any) -> bool:
    """Compare with types: 1, 1.0 and True are different payloads."""
    return repr(left) == repr(right)


@given(GOOD)
def test_comes_back_as_it_was(value: Any):
    data = encode(value, limit=MEBIBYTE)
    assert same(decode(data), value)
    assert same(decode(data.decode()), value)
    assert same(json.loads(data), value)


@given(HOSTILE)
def test_is_encoded_well_or_refused(value: Any):
    try:
        data = encode(value, limit=MEBIBYTE)
    except PayloadError as raised:
        error = raised
    else:
        assert same(decode(data), value)
        return
    assert error.path.startswith("$")
    assert "\0" not in str(error)
    str(error).encode()


@given(GOOD, BAD, st.lists(st.integers(0, 3) | st.sampled_from(["a", "odd name", "é"]), max_size=6))
def test_the_path_leads_to_the_offender(good: Any, bad: Any, route: list[int | str]):
    value, path = bad, ""
    for step in reversed(route):
        if isinstance(step, int):
            value = [good] * step + [value]
            path = f"[{step}]{path}"
        else:
            value = {"z": good, step: value}
            path = (f".{step}" if step.isidentifier() else f"['{step}']") + path
    found = refusal(value).path
    # A bad key is reported where its object is, or at itself.
    assert found == f"${path}" or found.startswith("$" + path)


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        ({"user": {"tags": [1, 2, 3, math.nan]}}, "$.user.tags[3]", "nan is not JSON"),
        ([math.inf], "$[0]", "inf is not JSON"),
        ({"a": "x\0y"}, "$.a", "NUL character"),
        ({"a\0": 1}, "$['a\\x00']", "NUL character"),
        ({"a": ["\udfff"]}, "$.a[0]", "lone surrogate"),
        ({"a": {2: "x"}}, "$.a", "the key 2 is not text"),
        ({"a": {None: "x"}}, "$.a", "the key None is not text"),
        ({"a": b"x"}, "$.a", "base64"),
        ({"a": {1, 2}}, "$.a", "send a list"),
        ({"a": object()}, "$.a", "object cannot be JSON"),
        ({"a": Exception}, "$.a", "type cannot be JSON"),
        ({"a": lambda: 1}, "$.a", "function cannot be JSON"),
        (math.nan, "$", "nan"),
        ([10**4000], "$[0]", "more than 4,000 digits"),
        ([-(10**4200)], "$[0]", "more than 4,000 digits"),
        ([10**9000], "$[0]", "more than 4,000 digits"),
    ],
)
def test_refusals_say_where_and_what(value: Any, path: str, words: str):
    error = refusal(value)
    assert error.path == path
    assert words in str(error)
    assert str(error).startswith(f"payload at {path}: ")


def test_the_first_offender_is_named():
    assert refusal({"a": 1, "b": math.nan, "c": b"x"}).path == "$.b"


def test_text_that_only_looks_bad_is_fine():
    for value in ["\\u0000", {"\\u0000": "\\\\u0000"}, "5" * 9000, 10**3999, -(10**3999)]:
        assert decode(encode(value, limit=MEBIBYTE)) == value


def test_cycles_are_named():
    loop: list[Any] = [1]
    loop.append({"again": loop})
    error = refusal({"a": loop})
    assert error.path == "$.a[1].again"
    assert "contains itself" in str(error)


def test_the_same_object_twice_is_no_cycle():
    shared = {"x": [1]}
    assert decode(encode([shared, shared], limit=100)) == [shared, shared]


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_depth_ends_at_500(wrap: Any):
    value: Any = wrap(1)
    for _ in range(499):
        value = wrap(value)
    assert decode(encode(value, limit=MEBIBYTE)) == value
    for _ in range(5000):
        value = wrap(value)
    error = refusal(value)
    assert "nested deeper than 500 levels" in str(error)
    assert len(error.path) <= 1000


def test_depth_does_not_depend_on_the_callers():
    value: Any = []
    for _ in range(490):
        value = [value]

    def deep(n: int) -> bytes:
        return deep(n - 1) if n else encode(value, limit=MEBIBYTE)

    assert decode(deep(300)) == value
    # Where the interpreter itself runs out of stack, that too is a PayloadError.
    with suppress(PayloadError, RecursionError):
        assert decode(deep(700)) == value


def test_size_is_bounded_in_bytes_of_json():
    assert encode("x" * 98, limit=100) == b'"' + b"x" * 98 + b'"'
    assert encode("é" * 49, limit=100)
    error = refusal("é" * 50, limit=100)
    assert "payload is 102 bytes of JSON" in str(error)
    assert "at most 100 are allowed" in str(error)


def test_too_large_names_the_part_that_is():
    error = refusal({"id": 1, "mail": {"to": "x", "files": [["a"], ["x" * 5000]]}}, limit=1000)
    assert error.path == "$.mail.files[1][0]"
    assert "5,0" in str(error)


def test_shared_members_cannot_explode():
    value: Any = "x"
    for _ in range(60):
        value = [value, value]
    assert "larger than 10,000 bytes" in str(refusal(value, limit=10_000))
    value = "x"
    for _ in range(10):
        value = [value] * 3000
    assert "larger than 10,000 bytes" in str(refusal(value, limit=10_000))


def test_no_payload_is_an_empty_object():
    assert encode_payload(None, MEBIBYTE) == b"{}"
    assert encode_payload([], MEBIBYTE) == b"[]"
    assert encode(None, limit=MEBIBYTE) == b"null"


def test_what_is_encoded_is_named():
    with pytest.raises(PayloadError, match=r"^meta at \$\.a: nan"):
        encode({"a": math.nan}, limit=MEBIBYTE, what="meta")


def test_a_result_is_encoded():
    assert encode_result(None, 10) == (None, None)
    assert encode_result({"sent": 3}, MEBIBYTE) == (b'{"sent":3}', None)
    assert encode_result(0, MEBIBYTE) == (b"0", None)


class Unprintable:
    def __repr__(self) -> str:
        raise SystemExit(3)


class Malicious:
    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
        raise RuntimeError("no class")


@pytest.mark.parametrize(
    "make", [set[int], lambda: math.nan, Unprintable, Malicious, lambda: "\0", lambda: [b"x"]]
)
def test_a_result_that_cannot_be_kept_is_noted(make: Callable[[], Any]):
    data, warning = encode_result(make(), MEBIBYTE)
    assert data is not None
    note = decode(data)
    assert note["error"] == "result not serialisable"
    assert isinstance(note["repr"], str)
    assert warning


def test_a_huge_result_is_noted_shortly():
    data, warning = encode_result(["x" * 5000], 1000)
    assert data is not None
    assert len(data) < 3000
    assert decode(data)["repr"].startswith("['xxx")
    assert warning is not None
    assert "at most 1,000" in warning


@given(HOSTILE)
def test_a_result_is_always_kept(value: Any):
    data, _ = encode_result(value, MEBIBYTE)
    assert (data is None) == (value is None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e400", Decimal("1e400")),
        ("[" + "1" * 5000 + "]", [Decimal("1" * 5000)]),
        ("1" * 400, int("1" * 400)),
        ('"\\u0000"', "\0"),
    ],
)
def test_reads_what_other_programs_wrote(text: str, value: Any):
    assert decode(text) == value


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000 + "]" * 100_000, b"\xff"])
def test_what_cannot_be_read_is_a_payload_error(text: str | bytes):
    with pytest.raises(PayloadError, match="cannot read JSON"):
        decode(text)
