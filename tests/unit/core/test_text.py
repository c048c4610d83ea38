"""Text that PostgreSQL and a log line can hold, whatever it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steve.core.text import LIMIT, clean, cut, cut_middle, safe_repr, safe_str, type_name

ANY_TEXT = st.text(st.characters(exclude_categories=()))


class Broken:
    def __str__(self) -> str:
        raise KeyboardInterrupt

    def __repr__(self) -> str:
        raise SystemExit(3)


class Sly(str):
    __slots__ = ()

    def __getitem__(self, key: object) -> str:
        raise RuntimeError

    def __len__(self) -> int:
        raise RuntimeError


@given(ANY_TEXT)
def test_clean_text_can_be_stored(text: str):
    cleaned = clean(text)
    assert "\0" not in cleaned
    assert cleaned.encode().decode() == cleaned
    assert len(cleaned) == len(text)


def test_clean_replaces_by_the_replacement_character():
    assert clean("a\0b\ud800c😀") == "a\ufffdb\ufffdc😀"


@given(ANY_TEXT, st.integers(0, 60))
def test_cut_keeps_to_its_limit(text: str, limit: int):
    short = cut(text, limit)
    assert len(short.encode()) <= limit
    if len(clean(text).encode()) <= limit:
        assert short == clean(text)


def test_cut_marks_what_it_cut():
    assert cut("x" * LIMIT) == "x" * LIMIT
    assert cut("x" * (LIMIT + 1)).endswith("x… (cut)")
    assert len(cut("é" * LIMIT).encode()) <= LIMIT


@given(ANY_TEXT, st.integers(40, 120))
def test_cut_middle_keeps_to_its_limit(text: str, limit: int):
    short = cut_middle(text, limit)
    assert len(short.encode()) <= limit
    if len(clean(text).encode()) <= limit:
        assert short == clean(text)


def test_cut_middle_keeps_both_ends():
    short = cut_middle("first\n" + "x" * 100_000 + "\nlast")
    assert short.startswith("first\n")
    assert short.endswith("\nlast")
    assert "\n… (cut)\n" in short


def test_safe_text_of_broken_objects():
    assert safe_str(Broken()) == "<Broken that cannot be shown>"
    assert safe_repr(Broken()) == "<Broken that cannot be shown>"
    assert safe_str(Sly("sly")) == "sly"
    assert safe_str(5) == "5"
    assert type(safe_str(Sly("sly"))) is str


def test_safe_repr_is_short():
    assert len(safe_repr("x" * 10_000_000, 50).encode()) <= 50


def test_what_has_no_end_is_shown_in_a_moment():
    for wrap in (
        lambda inner: [inner, inner],
        lambda inner: (inner, inner),
        lambda inner: {"a": inner, "b": inner},
    ):
        value = "x"
        for _ in range(60):
            value = wrap(value)
        for shown in (safe_repr(value), safe_str(value), safe_repr([value] * 3000, 10_000)):
            assert "..." in shown
    assert safe_repr({"b": [1, ("x" * 50,)]}) == "{'b': [1, ('" + "x" * 50 + "',)]}"


def test_type_name_is_what_its_author_calls_it():
    class Local(Exception):
        class Inner(Exception):
            pass

    assert type_name(ValueError()) == "ValueError"
    assert type_name(Local()) == "Local"
    assert type_name(Local.Inner()) == "Local.Inner"
