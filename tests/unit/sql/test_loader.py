from __future__ import annotations

from pathlib import Path

import pytest

from steve.sql import Migration, Statement, migrations, quoted, statement
from steve.sql.loader import fit, read_migrations, rewrite

HOSTILE = ["my-schema", "Ünïcode", 'a"b', "it's", "select", "$$", "a$body$b", "50%", "a.b", "; --"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("steve", '"steve"'),
        ("my-schema", '"my-schema"'),
        ("Ünïcode", '"Ünïcode"'),
        ('a"b', '"a""b"'),
        ("it's", '"it\'s"'),
        ("select", '"select"'),
    ],
)
def test_a_name_is_quoted(name: str, expected: str) -> None:
    assert quoted(name) == expected


@pytest.mark.parametrize("schema", HOSTILE)
def test_the_anchor_becomes_the_schema(schema: str) -> None:
    name = quoted(schema)
    found = rewrite(
        "select steve.now() from steve.job j, other.steve.job where x=steve.f()", schema
    )
    expected = f"select {name}.now() from {name}.job j, other.steve.job where x={name}.f()"
    assert found == Statement(expected, ())


@pytest.mark.parametrize("schema", HOSTILE)
def test_in_a_literal_the_schema_is_quoted_twice(schema: str) -> None:
    inner = quoted(schema).replace("'", "''")
    found = rewrite("select 'steve.job'::regclass, 'say steve.job', 'steve'", schema)
    assert found.text == f"select '{inner}.job'::regclass, 'say steve.job', 'steve'"


def test_parameters_are_numbered_by_their_first_use() -> None:
    found = rewrite("select :b::text, :a, :b, x::int where y = :a_2 and z = ':c' -- :d", "steve")
    assert found == Statement(
        "select $1::text, $2, $1, x::int where y = $3 and z = ':c'", ("b", "a", "a_2")
    )


def test_comments_and_white_space_go() -> None:
    source = """
        -- What it is for.
        select 1, /* a /* nested */ one */ 2   -- and why
        from\tt
        where a = 'two  blanks' ;
    """
    assert rewrite(source, "steve").text == "select 1, 2 from t where a = 'two  blanks'"


def test_a_literal_over_two_lines_stays_one() -> None:
    # With a blank in place of the line break, PostgreSQL refuses the second.
    assert rewrite("select 'a'  -- one\n   'b'\n, 'c'", "steve").text == "select 'a'\n'b' , 'c'"


def test_a_comment_does_not_join_its_neighbours() -> None:
    assert rewrite("select/* */1 -/* */- 2", "steve").text == "select 1 - - 2"


def test_migrations_keep_comments_and_layout() -> None:
    source = "-- Why.\ncreate table steve.job (\n    id bigint  -- :x\n);\n"
    assert fit(source, "other") == source.replace("steve.", '"other".')


def test_the_schema_by_itself_is_replaced_after_its_keyword() -> None:
    source = "create schema if not exists steve; grant usage on schema steve to steve"
    assert fit(source, 'a"b') == (
        'create schema if not exists "a""b"; grant usage on schema "a""b" to steve'
    )


def test_inside_a_function_the_anchor_is_replaced_and_colons_stay() -> None:
    source = """create function steve.f() returns int language plpgsql as $$
    declare n int := 1; -- steve's :own
    begin
        execute $q$ select steve.now() $q$;
        return (select count(*) from steve.job where oid = 'steve.job'::regclass and a[:n] = 1);
    end $$"""
    expected = """create function "it's".f() returns int language plpgsql as $$
    declare n int := 1; -- steve's :own
    begin
        execute $q$ select "it's".now() $q$;
        return (select count(*) from "it's".job where oid = '"it''s".job'::regclass and a[:n] = 1);
    end $$"""
    assert fit(source, "it's") == expected


def test_a_schema_named_like_the_dollar_tag_does_not_end_the_body() -> None:
    assert fit("as $$ steve.f() $$", "$$") == 'as $_1$ "$$".f() $_1$'
    assert fit("as $x$ steve.f() $x$", "$x$ $x_1$") == 'as $x_2$ "$x$ $x_1$".f() $x_2$'


def test_text_between_dollar_tags_need_not_be_sql() -> None:
    assert fit("select $$it's$$, steve.f()", "other") == 'select $$it\'s$$, "other".f()'


def test_every_statement_of_the_package_loads() -> None:
    folder = Path(__file__).parents[3] / "src/steve/sql/statements"
    names = [str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.sql")]
    assert names
    for name in names:
        found = statement(name, "other")
        assert "steve." not in found.text, name
        assert "--" not in found.text, name
        assert statement(name, "other") is found


def test_a_statement_that_does_not_exist_is_named() -> None:
    with pytest.raises(LookupError, match="'worker/clam'"):
        statement("worker/clam", "steve")


def test_the_migrations_of_the_package_count_from_one() -> None:
    found = migrations("other")
    assert [migration.version for migration in found] == list(range(1, len(found) + 1))
    assert 'create table "other".migration' in found[0].text


def test_migrations_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "0002_more.sql").write_text("alter table steve.a add b int;")
    (tmp_path / "0001_first.sql").write_text("create table steve.a ();")
    (tmp_path / "README.md").write_text("not a migration")
    assert read_migrations(tmp_path, "s") == [
        Migration(1, "first", 'create table "s".a ();'),
        Migration(2, "more", 'alter table "s".a add b int;'),
    ]


@pytest.mark.parametrize(
    "files", [["0002_b.sql"], ["0001_a.sql", "0003_c.sql"], ["0001_a.sql"] * 2]
)
def test_migrations_with_a_gap_are_refused(tmp_path: Path, files: list[str]) -> None:
    for number, name in enumerate(files):
        path = tmp_path / name
        (path if not path.exists() else tmp_path / f"0001_again{number}.sql").write_text("select 1")
    with pytest.raises(ValueError, match="must count 1, 2, 3"):
        read_migrations(tmp_path, "steve")
