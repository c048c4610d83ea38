"""Whatever the SQL: outside of anchors and parameters it keeps its tokens."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from steve.sql import quoted
from steve.sql.loader import fit, rewrite
from steve.sql.tokens import Kind, tokens

SCHEMAS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
)
INSIDE = st.text(" \n'\"$-/*:;steve.abcß€", max_size=12)
SPACES = st.text(" \t\n", min_size=1, max_size=3)
GAPS = st.lists(
    st.one_of(
        SPACES,
        st.text("a'\"$:/* -", max_size=8).map(lambda text: f"--{text}\n"),
        st.text("a'\"$: -\n", max_size=8).map(lambda text: f"/*{text}*/"),
    ),
    max_size=3,
).map(lambda parts: " ".join(["", *parts, ""]))

LITERALS = INSIDE.map(lambda text: "'" + text.replace("'", "''") + "'")
IDENTIFIERS = INSIDE.map(quoted)
BODIES = INSIDE.map(lambda text: f"$zz${text}$zz$")
WORDS = st.sampled_from(["select", "where", "a", "x1", "žlutý", "schema", "steven", "a$b$c"])
SYMBOLS = st.sampled_from(["(", ")", ",", ";", "::", ":=", "->>", "@>", "[", "]", "$1", ".", "7"])
PARAMETERS = st.sampled_from([":a", ":b", ":long_name2"])
ANCHORS = st.sampled_from(["steve.job", "steve.now()", "schema steve"])
PIECES = st.one_of(LITERALS, IDENTIFIERS, BODIES, WORDS, SYMBOLS, PARAMETERS, ANCHORS)


@st.composite
def sources(draw: st.DrawFn) -> str:
    pieces = draw(st.lists(PIECES, min_size=1, max_size=8))
    return "".join(piece + draw(GAPS) for piece in pieces)


def significant(text: str) -> list[str]:
    skipped = {Kind.SPACE, Kind.COMMENT}
    return [token.text for token in tokens(text) if token.kind not in skipped]


@given(sources(), SCHEMAS)
@example("select 'a' 'b'", "steve")
def test_a_statement_keeps_its_tokens(source: str, schema: str) -> None:
    found = rewrite(source, schema)
    assert significant(found.text) == significant(expected(source, schema, found.parameters))


@given(sources(), SCHEMAS)
def test_numbering_is_one_to_one(source: str, schema: str) -> None:
    used = [token.text[1:] for token in tokens(source) if token.kind is Kind.PARAMETER]
    assert rewrite(source, schema).parameters == tuple(dict.fromkeys(used))


@given(sources())
def test_a_migration_for_the_schema_as_written_changes_only_quotes(source: str) -> None:
    assert fit(source, "steve").replace('"steve"', "steve") == source.replace('"steve"', "steve")


@given(st.text("'\"$-/*:;.steve aß\n", max_size=40))
def test_tokens_put_together_are_the_source(source: str) -> None:
    assert "".join(token.text for token in tokens(source, lenient=True)) == source


def expected(source: str, schema: str, parameters: tuple[str, ...]) -> str:
    """The statement put together the slow and obvious way, token by token."""
    texts: list[str] = []
    for token in tokens(source):
        if token.kind is Kind.PARAMETER:
            texts.append(f"${parameters.index(token.text[1:]) + 1}")
        elif token.kind is Kind.COMMENT:
            texts.append("\n")
        else:
            texts.append(fit(token.text, schema))
    return "".join(texts).rstrip().removesuffix(";")
