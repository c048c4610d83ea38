import time
from integration.sql.test_plans import *
from steve.database.execute import execute_blocking
@pytest.mark.parametrize("cure", ["none","discard plans"])
def test_x(scene_of_its_own,cure):
    s=scene_of_its_own
    s.connection.execute("set plan_cache_mode = force_generic_plan; set jit = off")
    s.connection.execute("alter table steve.job set (autovacuum_enabled=off)")
    s.run=lambda op: execute_blocking(s.connection, op, "steve", prepare=True)
    w=s.worker(queues=list(QUEUES),lease=9999)
    for _ in range(3): s.create()
    s.connection.execute("analyze steve.job")
    jobs=s.claim(w,10,ahead=90,queues=QUEUES).jobs
    s.run(complete([Report(j, Complete(None),0.0) for j in jobs]))
    s.connection.execute(FILL)
    if cure!="none": s.connection.execute(cure)
    for i in range(3):
        t=time.perf_counter(); jobs=s.claim(w,10,ahead=90,queues=QUEUES).jobs; a=time.perf_counter()-t
        t=time.perf_counter(); s.run(complete([Report(j, Complete(None),0.0) for j in jobs])); b=time.perf_counter()-t
        print("TIME",cure,len(jobs),f"claim {a*1000:.1f} ms complete {b*1000:.1f} ms")
