from __future__ import annotations

import pytest

from steve.sql.tokens import Kind, tokens


def kinds(source: str) -> list[tuple[Kind, str]]:
    return [(kind, text) for kind, text in tokens(source) if kind is not Kind.SPACE]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("'it''s :x -- no $$ comment'", Kind.LITERAL),
        ("''", Kind.LITERAL),
        ("'steve.job'", Kind.LITERAL),
        ('"a ""b"" :x /* no comment"', Kind.IDENTIFIER),
        ("$$ it's $body$ :x $$", Kind.BODY),
        ("$body$ a $$ b $$ c $body$", Kind.BODY),
        ("$_1$ $_$ $_1$", Kind.BODY),
        ("-- it's :x /*", Kind.COMMENT),
        ("/* it's /* nested */ :x */", Kind.COMMENT),
        ("/**/", Kind.COMMENT),
        ("steve.", Kind.ANCHOR),
        ("schema steve", Kind.SCHEMA),
        ("SCHEMA IF NOT EXISTS steve", Kind.SCHEMA),
        ("schema if exists steve", Kind.SCHEMA),
        (":name", Kind.PARAMETER),
        ("where", Kind.WORD),
        ("žluťoučký", Kind.WORD),
        ("42", Kind.CODE),
    ],
)
def test_a_token_is_known_as_what_it_is(source: str, kind: Kind) -> None:
    assert kinds(source) == [(kind, source)]


@pytest.mark.parametrize(
    "source",
    [
        "other.steve.job",
        '"db".steve.job',
        "mysteve.job",
        "my$steve.job",
        "2steve.job",
        "Steve.job",
        "steve .job",
        "steve",
        "'x steve.job'",
        '"steve.job"',
        "-- steve.job",
        "/* steve.job */",
    ],
)
def test_what_only_looks_like_the_anchor_is_none(source: str) -> None:
    assert Kind.ANCHOR not in {kind for kind, _ in kinds(source)}


@pytest.mark.parametrize(
    "source",
    [
        "schema steven",
        "schema steve_old",
        "schema steve.job",
        "schema other, steve",
        "my_schema steve",
        "'schema steve'",
    ],
)
def test_what_only_looks_like_the_schema_by_itself_is_none(source: str) -> None:
    assert Kind.SCHEMA not in {kind for kind, _ in kinds(source)}


@pytest.mark.parametrize("source", ["a::text", "a := 1", "a :1", "':x'", '":x"', "a::b::c", ": x"])
def test_what_only_looks_like_a_parameter_is_none(source: str) -> None:
    assert Kind.PARAMETER not in {kind for kind, _ in kinds(source)}


def test_a_parameter_may_be_cast() -> None:
    assert kinds(":ids::bigint[]")[0] == (Kind.PARAMETER, ":ids")


def test_dollar_numbers_and_names_with_dollars_open_no_body() -> None:
    assert Kind.BODY not in {kind for kind, _ in kinds("select $1, a$b$c from t where x = $2")}


@pytest.mark.parametrize("source", ["'open", '"open', "/* open /* */", "$$ open", "$a$ open $b$"])
def test_what_does_not_end_is_refused_with_its_line(source: str) -> None:
    with pytest.raises(ValueError, match=r"line 3: .* does not end"):
        list(tokens(f"select 1,\n\n{source}"))


@pytest.mark.parametrize("source", ["it's", 'a " b', "/* a", "$$ a", "cost: $5$"])
def test_between_dollar_tags_nothing_needs_to_end(source: str) -> None:
    assert "".join(token.text for token in tokens(source, lenient=True)) == source
