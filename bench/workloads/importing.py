"""What `import steve` costs."""

from __future__ import annotations

import json
import statistics
import subprocess
import time

from bench.contender import Contender
from bench.process import AdapterError
from bench.stage import Stage
from bench.workload import Figure, Measured, OurWorkload, Size

_TIMES = 7
_IMPORT = "import steve"
_USE = "import steve; steve.Jobs"
_LIBRARIES = "import asyncio, logging, msgspec, psycopg, psycopg_pool"
_MODULES = (
    "import json, sys; import steve; steve.Jobs; "
    "print(json.dumps(sorted(name for name in sys.modules if '.' not in name or "
    "name.startswith('steve.'))))"
)
_UNWANTED = (
    "steve.cli", "steve.integrations", "steve.monitor", "steve.testing", "click", "rich",
    "django", "fastapi", "sqlalchemy", "starlette",
)  # fmt: skip


class Importing(OurWorkload):
    """Importing it, in processes of their own."""

    name = "import"
    title = "Importing steve"
    explanation = (
        "Time over that for starting Python: of `import steve`; of `steve.Jobs` too, which is "
        "loaded when it is first used; of the libraries alone that this needs. What it must not "
        "bring along: the command line, the web, integrations."
    )
    figures = (
        Figure("ms", "import steve, ms", 1, less_is_better=True),
        Figure("manager_ms", "with steve.Jobs, ms", 1, less_is_better=True),
        Figure("libraries_ms", "its libraries alone, ms", 1, less_is_better=True),
        Figure("modules", "modules"),
        Figure("unwanted", "unwanted modules", less_is_better=True),
    )

    def seconds(self, contender: Contender, size: Size) -> float:
        return 8.0

    def run(self, stage: Stage, size: Size) -> Measured:
        nothing = _seconds(stage, "pass")
        modules = json.loads(_python(stage, _MODULES))
        unwanted = [name for name in modules if _is_unwanted(name)]
        measured: Measured = {
            "ms": (_seconds(stage, _IMPORT) - nothing) * 1000,
            "manager_ms": (_seconds(stage, _USE) - nothing) * 1000,
            "libraries_ms": (_seconds(stage, _LIBRARIES) - nothing) * 1000,
            "modules": len(modules),
            "unwanted": len(unwanted),
        }
        if unwanted:
            measured["note"] = f"brings along {', '.join(unwanted[:5])}"
        return measured


def _is_unwanted(name: str) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in _UNWANTED)


def _seconds(stage: Stage, code: str) -> float:
    samples: list[float] = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        _python(stage, code)
        samples.append(time.perf_counter() - began)
    return statistics.median(samples)


def _python(stage: Stage, code: str) -> str:
    done = subprocess.run(
        [*stage.python, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise AdapterError(done.stderr.strip()[-300:])
    return done.stdout
