from __future__ import annotations

import signal

from support.command import Steve
from support.waiting import eventually

SCHEMAS = "select nspname from pg_namespace where nspname like 'steve\\_bench\\_%%'"
QUICK = ("--jobs=300", "--rounds=2", "--samples=3", "--concurrency=20")


def test_bench(fresh: Steve) -> None:
    report = fresh("bench", *QUICK, "--json", timeout=50).json
    assert set(report) == {
        "database", "schema", "facts", "concurrency", "create", "create_many", "drain", "pickup",
    }  # fmt: skip
    for name in ("create", "create_many", "drain"):
        rates = report[name]
        assert rates["jobs"] == 300
        assert len(rates["rounds"]) == 2
        assert min(rates["rounds"]) <= rates["median"] <= max(rates["rounds"])
        assert rates["median"] > 0
    pickup = report["pickup"]
    assert pickup["samples"] == 3
    for part in ("from_call", "from_return"):
        assert 0 <= pickup[part]["median"] <= pickup[part]["p95"] <= pickup[part]["p99"]
    assert {"cores", "postgresql", "fsync", "synchronous_commit"} <= set(report["facts"])
    assert fresh.rows(SCHEMAS) == []


def test_bench_for_people(fresh: Steve) -> None:
    answer = fresh("bench", "--jobs=100", "--rounds=1", "--samples=0", timeout=50)
    assert "steve_bench_" in answer.err
    for part in ("create, one by one", "create_many", "drain", "jobs/s", "fsync"):
        assert part in answer.out


def test_bench_cleans_up_upon_ctrl_c(fresh: Steve) -> None:
    with fresh.running("bench", "--jobs=1000000", "--rounds=1") as process:
        [schema] = eventually(lambda: fresh.rows(SCHEMAS), 20, what="a schema")[0]
        look = f"select count(*) from {schema}.job"
        eventually(lambda: installed(fresh, schema) and fresh.rows(look)[0][0], 20, what="jobs")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert fresh.rows(SCHEMAS) == []


def installed(steve: Steve, schema: str) -> bool:
    return steve.rows("select to_regclass(%s) is not null", f"{schema}.job")[0][0]


def test_bench_has_its_own_schema(steve: Steve) -> None:
    steve.fails("bench", "--schema=steve", code=2)
