"""The SQL that makes a part of the schema what it should be, or why there is none.

None of it keeps the workers waiting for longer than a moment, none of it throws rows away. What
cannot be had on these terms is left to people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from steve.operations.doctor import Thing

Partitions = Mapping[str, Sequence[str]]
"""The partitions of each table, of their partitions too."""


class Repair(NamedTuple):
    """What to do, in words, and the statements that do it."""

    remedy: str
    sql: Sequence[str] = ()


_RUN = "run the SQL, statement by statement and not in a transaction"
_BY_HAND = "the SQL that made it is in `steve migrate --sql --from 0`"


def for_missing(thing: Thing, partitions: Partitions) -> Repair:
    """Return how something comes back."""
    return _MISSING[thing.kind](thing, partitions)


def for_changed(wanted: Thing, there: Thing, partitions: Partitions) -> Repair:
    """Return how something becomes again what it was, or valid."""
    return _CHANGED[wanted.kind](wanted, there, partitions)


def for_extra(thing: Thing) -> Repair:
    """Return how to be rid of something that is not steve's. It may be somebody's."""
    if thing.kind == "index":
        return Repair(
            "every write pays for it: if nobody needs it, drop it by the SQL",
            [f"DROP INDEX CONCURRENTLY {thing.name};"],
        )
    if thing.kind in {"constraint", "trigger"}:
        drop = {
            "constraint": f"ALTER TABLE {thing.table} DROP CONSTRAINT {thing.name};",
            "trigger": f"DROP TRIGGER {thing.name} ON {thing.table};",
        }
        remedy = "it takes part in every write: if nobody needs it, drop it by the SQL"
        return Repair(remedy, [drop[thing.kind]])
    if thing.kind == "function":
        remedy = "if nobody needs it, drop it by the SQL: calls may mean this one by mistake"
        return Repair(remedy, [f"DROP ROUTINE {thing.name};"])
    return Repair(
        "find out whose it is, and move it elsewhere: `uninstall` drops the schema with all in it"
    )


def _missing_table(thing: Thing, partitions: Partitions) -> Repair:
    return Repair(f"its rows are gone: restore it from a backup; {_BY_HAND}")


def _missing_column(thing: Thing, partitions: Partitions) -> Repair:
    required, default, generated = thing.more
    if generated or (required and not default):
        return Repair(f"no value is right for the rows that are there: {_BY_HAND}")
    words = [thing.name, thing.definition, required, default and f"DEFAULT {default}"]
    column = " ".join(word for word in words if word)
    return Repair(
        f"what was in it is gone; to have the column back, {_RUN}",
        [f"ALTER TABLE {thing.table} ADD COLUMN {column};"],
    )


def _missing_sequence(thing: Thing, partitions: Partitions) -> Repair:
    return Repair(
        "create it so that it goes on above the highest number that was ever used, or else "
        f"attempts of the past and of the future are taken for each other; {_BY_HAND}"
    )


def _missing_index(thing: Thing, partitions: Partitions) -> Repair:
    return Repair(_RUN, _make_index(thing, partitions))


def _make_index(thing: Thing, partitions: Partitions) -> list[str]:
    """Make an index without locking anybody out, on a partitioned table piece by piece: where each
    partition has its index already, that of the whole takes them over."""
    head, _, tail = thing.definition.partition(f" {thing.table} USING ")
    if not head.endswith(" ON ONLY"):
        return [_concurrently(thing.definition)]
    unique = "UNIQUE " if head.startswith("CREATE UNIQUE ") else ""
    pieces = [
        f"CREATE {unique}INDEX CONCURRENTLY ON {partition} USING {tail};"
        for partition in partitions.get(thing.table, ())
    ]
    return [*pieces, f"{head.removesuffix(' ONLY')} {thing.table} USING {tail};"]


def _concurrently(definition: str) -> str:
    return definition.replace("INDEX ", "INDEX CONCURRENTLY ", 1) + ";"


def _missing_constraint(thing: Thing, partitions: Partitions) -> Repair:
    kind, index = thing.more
    alter = f"ALTER TABLE {thing.table}"
    if kind == "c":
        return Repair(
            f"{_RUN}; if the second one fails, there are rows that break it: mend those first",
            [
                f"{alter} ADD CONSTRAINT {thing.name} {thing.definition} NOT VALID;",
                f"{alter} VALIDATE CONSTRAINT {thing.name};",
            ],
        )
    using = {"p": "PRIMARY KEY", "u": "UNIQUE"}.get(kind)
    if using is None:
        return Repair(_BY_HAND)
    return Repair(
        f"{_RUN}; if the first one fails, there are rows alike: mend those first",
        [
            _concurrently(index),
            f"{alter} ADD CONSTRAINT {thing.name} {using} USING INDEX {thing.name};",
        ],
    )


def _missing_function(thing: Thing, partitions: Partitions) -> Repair:
    return Repair(
        f"{_RUN}; what was granted on it has to be granted again", [f"{thing.definition.rstrip()};"]
    )


def _missing_view(thing: Thing, partitions: Partitions) -> Repair:
    return Repair(f"{_RUN}; what was granted on it has to be granted again", [_make_view(thing)])


def _make_view(thing: Thing) -> str:
    return f"CREATE OR REPLACE VIEW {thing.name} AS\n{thing.definition.rstrip().removesuffix(';')};"


def _set(thing: Thing, partitions: Partitions) -> Repair:
    remedy = "if nobody set it on purpose, run the SQL"
    return Repair(remedy, [f"ALTER TABLE {thing.table} SET ({thing.name} = {thing.definition});"])


def _changed_table(wanted: Thing, there: Thing, partitions: Partitions) -> Repair:
    return Repair(f"a table cannot be turned into another in place: {_BY_HAND}")


def _changed_column(wanted: Thing, there: Thing, partitions: Partitions) -> Repair:
    alter = f"ALTER TABLE {wanted.table} ALTER COLUMN {wanted.name}"
    if wanted.definition != there.definition or wanted.more[2] != there.more[2]:
        return Repair(
            "to change that means to write the whole table anew, while everybody waits: do it in a "
            f"quiet hour, with all workers stopped; {_BY_HAND}"
        )
    sql: list[str] = []
    if wanted.more[1] != there.more[1]:
        default = wanted.more[1]
        sql.append(f"{alter} SET DEFAULT {default};" if default else f"{alter} DROP DEFAULT;")
    if wanted.more[0] and not there.more[0]:
        sql += _require(wanted, alter)
    elif there.more[0] and not wanted.more[0]:
        sql.append(f"{alter} DROP NOT NULL;")
    return Repair(_RUN, sql)


def _require(column: Thing, alter: str) -> list[str]:
    """Forbid NULL without a scan under a lock: a constraint that was validated saves it."""
    table, name = f"ALTER TABLE {column.table}", "steve_not_null"
    return [
        f"{table} ADD CONSTRAINT {name} CHECK ({column.name} IS NOT NULL) NOT VALID;",
        f"{table} VALIDATE CONSTRAINT {name};",
        f"{alter} SET NOT NULL;",
        f"{table} DROP CONSTRAINT {name};",
    ]


def _changed_sequence(wanted: Thing, there: Thing, partitions: Partitions) -> Repair:
    return Repair(_RUN, [f"ALTER SEQUENCE {wanted.name} {wanted.definition};"])


def _changed_index(wanted: Thing, there: Thing, partitions: Partitions) -> Repair:
    """A wrong index is of some use until the right one is there; an invalid one is of none."""
    if " ON ONLY " in wanted.definition:
        return Repair(_RUN, [f"DROP INDEX {wanted.name};", *_make_index(wanted, partitions)])
    drop = f"DROP INDEX CONCURRENTLY {wanted.name};"
    if not there.valid:
        return Repair(_RUN, [drop, *_make_index(wanted, partitions)])
    head, _, tail = wanted.definition.partition(" ON ")
    name = head.removeprefix("CREATE ").removeprefix("UNIQUE ").removeprefix("INDEX ")
    made = f"{head.removesuffix(name)}steve_new_index ON {tail}"
    schema = wanted.name.removesuffix(f".{name}")
    rename = f"ALTER INDEX {schema}.steve_new_index RENAME TO {name};"
    return Repair(_RUN, [_concurrently(made), drop, rename])


def _changed_constraint(wanted: Thing, there: Thing, partitions: Partitions) -> Repair:
    alter = f"ALTER TABLE {wanted.table}"
    if wanted.definition == there.definition.removesuffix(" NOT VALID"):
        remedy = f"{_RUN}; if that fails, there are rows that break it: mend those first"
        return Repair(remedy, [f"{alter} VALIDATE CONSTRAINT {wanted.name};"])
    again = _missing_constraint(wanted, partitions)
    if wanted.more[0] != "c":
        return Repair(f"have it dropped and made again in a quiet hour: {_BY_HAND}")
    return Repair(again.remedy, [f"{alter} DROP CONSTRAINT {wanted.name};", *again.sql])


def _changed_function(wanted: Thing, there: Thing, partitions: Partitions) -> Repair:
    # Its name with its arguments, and what it returns: these two lines cannot be replaced.
    alike = wanted.definition.splitlines()[:2] == there.definition.splitlines()[:2]
    again = f"{wanted.definition.rstrip()};"
    if alike:
        return Repair(_RUN, [again])
    return Repair(
        f"{_RUN}; what was granted on it has to be granted again, and if something rests on it the "
        "first statement fails and names that",
        [f"DROP ROUTINE {wanted.name};", again],
    )


def _changed_view(wanted: Thing, there: Thing, partitions: Partitions) -> Repair:
    if wanted.more == there.more:
        return Repair(_RUN, [_make_view(wanted)])
    return Repair(
        f"{_RUN}; what was granted on it has to be granted again, and views of yours that rest on "
        "it have to be dropped before",
        [f"DROP VIEW {wanted.name};", _make_view(wanted)],
    )


def _changed_kept(wanted: Thing, there: Thing, partitions: Partitions) -> Repair:
    return Repair(
        "an unlogged table is empty after a crash of the server; the SQL writes it anew, and "
        "everybody waits meanwhile: run it in a quiet hour",
        [f"ALTER TABLE {wanted.table} SET {wanted.definition};"],
    )


def _changed_row_security(wanted: Thing, there: Thing, partitions: Partitions) -> Repair:
    return Repair(
        "statements do not see, without a word, the rows that policies hide; run the SQL",
        [f"ALTER TABLE {wanted.table} {wanted.definition} ROW LEVEL SECURITY;"],
    )


def _missing_trigger(thing: Thing, partitions: Partitions) -> Repair:
    return Repair(_RUN, [f"{thing.definition};"])


def _changed_trigger(wanted: Thing, there: Thing, partitions: Partitions) -> Repair:
    drop = f"DROP TRIGGER {wanted.name} ON {wanted.table};"
    return Repair(_RUN, [drop, f"{wanted.definition};"])


_MISSING: dict[str, Callable[[Thing, Partitions], Repair]] = {
    "table": _missing_table,
    "column": _missing_column,
    "sequence": _missing_sequence,
    "index": _missing_index,
    "constraint": _missing_constraint,
    "function": _missing_function,
    "view": _missing_view,
    "setting": _set,
    "trigger": _missing_trigger,
}
_CHANGED: dict[str, Callable[[Thing, Thing, Partitions], Repair]] = {
    "table": _changed_table,
    "column": _changed_column,
    "sequence": _changed_sequence,
    "index": _changed_index,
    "constraint": _changed_constraint,
    "function": _changed_function,
    "view": _changed_view,
    "setting": lambda wanted, _, partitions: _set(wanted, partitions),
    "kept": _changed_kept,
    "row security": _changed_row_security,
    "trigger": _changed_trigger,
}
