"""Making a peer's tables large, where creating so many jobs would take too long."""

from __future__ import annotations

from collections.abc import Sequence

from bench.contender import Growth
from bench.stage import Stage

_COLUMNS = """
select attname::text from pg_attribute a
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped
    and a.attidentity = '' and a.attgenerated = ''
    and coalesce(pg_get_expr(d.adbin, d.adrelid), '') not like 'nextval(%%'
order by a.attnum
"""


def multiply(stage: Stage, growths: Sequence[Growth], rows: int) -> None:
    """Copy rows until the first table has about `rows` more, and the others in proportion.

    Raises LookupError when there is nothing to copy.
    """
    times = 0
    for growth in growths:
        count = stage.rows(f"select count(*) from {growth.table} where {growth.rows}")[0][0]
        if not count:
            raise LookupError(f"{growth.table} has no rows where {growth.rows}")
        times = times or max(1, rows // count)
        if growth.before:
            stage.rows(growth.before)
        names = [name for (name,) in stage.rows(_COLUMNS, (growth.table,))]
        columns = ", ".join(f'"{name}"' for name in names)
        values = ", ".join(growth.fresh.get(name, f'source."{name}"') for name in names)
        stage.rows(
            f"insert into {growth.table} ({columns}) select {values} "
            f"from (select * from {growth.table} where {growth.rows}) source "
            f"cross join generate_series(1, {times}) g"
        )
