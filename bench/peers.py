"""The peers, with what is known of their tables, and their configurations."""

from __future__ import annotations

from bench.contender import Contender, Growth, NodeEnvironment, Peer, PythonEnvironment

ONE_QUEUE = "a worker serves one queue"
NO_QUEUES = "it has no queues"


def _newest(table: str) -> str:
    return f"select coalesce(max(id), 0) from {table}"


procrastinate = Peer(
    name="procrastinate",
    adapter="peer_procrastinate.py",
    unfinished=(
        "select exists (select from procrastinate_jobs where id > %(above)s"
        " and id <= %(up_to)s and status in ('todo', 'doing'))"
    ),
    keeps="the job; 3 events",
    newest=_newest("procrastinate_jobs"),
    history=(
        Growth("procrastinate_jobs", "status = 'succeeded'"),
        Growth("procrastinate_events", "true"),
    ),
    scheduled=(Growth("procrastinate_jobs", "scheduled_at > now()"),),
)

pgqueuer = Peer(
    name="pgqueuer",
    adapter="peer_pgqueuer.py",
    unfinished=("select exists (select from pgqueuer where id > %(above)s and id <= %(up_to)s)"),
    keeps="nothing of the job; 3 rows of a log",
    newest=_newest("pgqueuer"),
    history=(Growth("pgqueuer_log", "true"),),
    scheduled=(Growth("pgqueuer", "execute_after > now()"),),
    lacks={"queues": NO_QUEUES},
)

oban = Peer(
    name="oban",
    adapter="peer_oban.py",
    unfinished=(
        "select exists (select from oban_jobs where id > %(above)s and id <= %(up_to)s"
        " and state in ('available', 'executing', 'retryable'))"
    ),
    keeps="the job, for a day",
    newest=_newest("oban_jobs"),
    history=(Growth("oban_jobs", "state = 'completed'"),),
    scheduled=(Growth("oban_jobs", "state = 'scheduled'"),),
)

chancy = Peer(
    name="chancy",
    adapter="peer_chancy.py",
    unfinished=(
        "select exists (select from chancy_jobs where scheduled_at <= now()"
        " and state in ('pending', 'running', 'retrying'))"
    ),
    keeps="the job, without a result",
    history=(Growth("chancy_jobs", "state = 'succeeded'", {"id": "gen_random_uuid()"}),),
    scheduled=(Growth("chancy_jobs", "scheduled_at > now()", {"id": "gen_random_uuid()"}),),
)

absurd = Peer(
    name="absurd",
    adapter="peer_absurd.py",
    unfinished=(
        "select exists (select from absurd.t_default"
        " where state in ('pending', 'sleeping', 'running'))"
    ),
    keeps="the job with its result; 1 run",
    history=(
        Growth("absurd.t_default", "state = 'completed'", {"task_id": "gen_random_uuid()"}),
        Growth("absurd.r_default", "state = 'completed'", {"run_id": "gen_random_uuid()"}),
    ),
    lacks={"scheduled": "spawn() has no time to start at", "queues": ONE_QUEUE},
)

dbos = Peer(
    name="dbos",
    adapter="peer_dbos.py",
    unfinished=(
        "select exists (select from dbos.workflow_status where status in ('ENQUEUED', 'PENDING'))"
    ),
    keeps="the job with its result",
    history=(
        Growth(
            "dbos.workflow_status",
            "status = 'SUCCESS'",
            {"workflow_uuid": "gen_random_uuid()::text"},
        ),
    ),
    scheduled=(
        Growth(
            "dbos.workflow_status",
            "status = 'DELAYED'",
            {"workflow_uuid": "gen_random_uuid()::text"},
        ),
    ),
    copies=1,
)

graphile = Peer(
    name="graphile-worker",
    adapter="node/graphile.js",
    unfinished=(
        "select exists (select from graphile_worker._private_jobs where id > %(above)s"
        " and id <= %(up_to)s)"
    ),
    keeps="nothing",
    newest=_newest("graphile_worker._private_jobs"),
    scheduled=(Growth("graphile_worker._private_jobs", "run_at > now()"),),
    lacks={
        "history": "it keeps none",
        "queues": "its queues make jobs run one after the other",
    },
)

pgboss = Peer(
    name="pg-boss",
    adapter="node/pgboss.js",
    unfinished=(
        "select exists (select from pgboss.job where state in ('created', 'retry', 'active')"
        " and start_after <= now() and name not like '\\_\\_%%')"
    ),
    keeps="the job with its output, archived after 12 hours",
    history=(Growth("pgboss.job", "state = 'completed'", {"id": "gen_random_uuid()"}),),
    scheduled=(Growth("pgboss.job", "start_after > now()", {"id": "gen_random_uuid()"}),),
)

original = Peer(
    name="original",
    adapter="node/original.js",
    unfinished=(
        "select exists (select from __job where id > %(above)s and id <= %(up_to)s"
        " and status in ('pending', 'running'))"
    ),
    keeps="the job with its result; 1 row per attempt",
    newest=_newest("__job"),
    history=(Growth("__job", "status = 'completed'", {"uid": "gen_random_uuid()"}),),
    scheduled=(Growth("__job", "run_at > now()", {"uid": "gen_random_uuid()"}),),
    lacks={"queues": NO_QUEUES},
)

UVLOOP = "uvloop==0.23.0"

_PROCRASTINATE = PythonEnvironment(
    "procrastinate", ("procrastinate==3.10.0", "psycopg[binary]", UVLOOP), "procrastinate"
)
_PGQUEUER = PythonEnvironment("pgqueuer", ("pgqueuer[asyncpg]==1.6.0", UVLOOP), "pgqueuer")
_OBAN = PythonEnvironment("oban", ("oban==0.7.0", UVLOOP), "oban")
_CHANCY = PythonEnvironment("chancy", ("chancy==0.26.0", "psycopg[binary]", UVLOOP), "chancy")
_ABSURD = PythonEnvironment(
    "absurd", ("absurd-sdk==0.5.1", "django-absurd==1.0.1", UVLOOP), "absurd-sdk"
)
_DBOS = PythonEnvironment("dbos", ("dbos==3.4.0", UVLOOP), "dbos")
_GRAPHILE = NodeEnvironment(
    "graphile", "graphile-worker", (((22, 18, 0), "0.18.0"), ((20, 0, 0), "0.17.3"))
)
_PGBOSS = NodeEnvironment("pgboss", "pg-boss", (((22, 12, 0), "12.38.0"), ((20, 0, 0), "10.4.2")))
_ORIGINAL = NodeEnvironment(
    "original", "@marianmeres/steve", (((20, 0, 0), "3.0.0"),), ("pg@^8.21.0",)
)

FAST = {"uvloop": True}

CONTENDERS = (
    Contender(
        procrastinate, "best", "20 at once, 22 connections, uvloop",
        _PROCRASTINATE, 800, 950, 13_000, FAST,
    ),
    Contender(procrastinate, "default", "1 at once", _PROCRASTINATE, 390, 780, 13_000, best=False),
    Contender(
        pgqueuer, "best", "batches of 500, pool of 5 to 20, uvloop",
        _PGQUEUER, 25_000, 1500, 43_000, FAST,
    ),
    Contender(
        pgqueuer, "default", "batches of 10, 1 connection", _PGQUEUER, 4900, 1700, 43_000,
        best=False,
    ),
    Contender(oban, "best", "200 at once, uvloop", _OBAN, 5000, 1200, 3400, FAST),
    Contender(oban, "default", "10 at once", _OBAN, 2500, 1300, 3400, best=False),
    Contender(
        chancy, "best", "async executor, 500 at once, eager polling, outcomes every 50 ms, uvloop",
        _CHANCY, 5000, 1200, 4200, FAST,
    ),
    Contender(
        chancy, "default", "async executor, 1 at once", _CHANCY, 40, 1000, 4200, quiet=0.1,
        best=False,
    ),
    Contender(
        absurd, "best", "100 at once, polling every 20 ms, uvloop", _ABSURD, 1500, 2100, 3400, FAST
    ),
    Contender(
        absurd, "default", "1 at once, polling every 250 ms", _ABSURD, 290, 1800, 3400, quiet=0.3,
        best=False,
    ),
    Contender(
        dbos, "best", "500 at once, polling every 20 ms, pool of 20, uvloop",
        _DBOS, 1400, 830, 700, FAST, start=3,
    ),
    Contender(
        dbos, "default", "polling every second", _DBOS, 1400, 830, 700, quiet=1.1, best=False,
        start=3,
    ),
    Contender(
        graphile, "best", "its own performance test: 24 at once, local queue of 500",
        _GRAPHILE, 50_000, 1800, 54_000,
    ),
    Contender(graphile, "default", "1 at once", _GRAPHILE, 1450, 1550, 54_000, best=False),
    Contender(
        pgboss, "best", "work(): 4 workers, batches of 1,000, polling every 0.5 s",
        _PGBOSS, 8500, 1380, 46_000, quiet=0.55,
    ),
    Contender(
        pgboss, "fetch", "fetch() and complete(): 2 loops, batches of 500, 20 ms when idle",
        _PGBOSS, 25_000, 1380, 46_000,
    ),
    Contender(
        pgboss, "default", "work(): 1 job a poll, every 2 s", _PGBOSS, 0.5, 1300, 46_000,
        quiet=2.1, best=False,
    ),
    Contender(
        original, "best", "16 processors, polling every 50 ms, pool of 20",
        _ORIGINAL, 1700, 2000, 4700,
    ),
    Contender(
        original, "default", "2 processors, polling every second", _ORIGINAL, 870, 2000, 4700,
        quiet=1.1, best=False,
    ),
)  # fmt: skip
