from __future__ import annotations

from support.command import Steve
from support.examining import sql
from support.network import unused_port

FIELDS = {"status", "exit_code", "schema", "now", "checks"}
CHECK_FIELDS = {"name", "status", "exit_code", "findings"}
FINDING_FIELDS = {"status", "found", "remedy", "sql"}


def test_all_is_well(steve: Steve) -> None:
    said = steve("doctor").out
    assert len(said.splitlines()) == said.count("ok ") > 10
    found = steve("doctor", "--json").json
    assert set(found) == FIELDS
    assert (found["status"], found["exit_code"]) == ("ok", 0)
    assert all(set(check) == CHECK_FIELDS for check in found["checks"])
    assert all(
        set(each) == FINDING_FIELDS for check in found["checks"] for each in check["findings"]
    )


def test_the_worst_comes_first_and_decides(steve: Steve) -> None:
    steve.create("strange\x1b")
    sql(steve.dsn, "drop index steve.job_claim", "drop function steve.cancel_job")
    found = steve("doctor", "--json", code=12).json
    assert [check["name"] for check in found["checks"]][:2] == ["drift", "types"]
    assert [check["exit_code"] for check in found["checks"]][:3] == [12, 16, 0]
    said = steve("doctor", code=12).out
    assert said.startswith("error    drift ")
    assert said.splitlines()[1].strip().startswith("→ run the SQL")
    assert r"strange\x1b" in said
    assert "\x1b" not in said


def test_the_sql_can_be_taken_as_it_is_printed(steve: Steve) -> None:
    sql(steve.dsn, "drop function steve.create_partitions, steve.wake_workers")
    said = steve("doctor", code=12).out
    sql(steve.dsn, said[said.index("-- drift: ") :])
    steve("doctor")


def test_checks_are_left_out(steve: Steve) -> None:
    steve.create("unknown")
    assert "types" in steve("doctor", code=16).out
    assert "types" not in steve("doctor", "--skip=types", "--skip=drift").out
    assert "there is no check" in steve.fails("doctor", "--skip=drifts", code=2)


def test_a_database_without_steve(fresh: Steve) -> None:
    said = fresh("doctor", code=11)
    assert said.out.startswith("error    schema ")
    assert "steve migrate" in said.out
    assert said.out.count("steve is not installed\n") == 1
    assert "the same: privileges, partitions, " in said.out
    assert "Traceback" not in said.err


def test_no_database(steve: Steve) -> None:
    place = f"postgresql://me:secret@127.0.0.1:{unused_port()}/none"
    answer = steve("doctor", "--json", "--db", place, code=10)
    assert answer.json["checks"][0]["name"] == "database"
    assert "secret" not in answer.out + answer.err
