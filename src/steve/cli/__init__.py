"""The command `steve`: one command or group of commands a file.

What takes time to import (the manager, psycopg, rich) is imported by the command that runs, so
that `steve --help` and shell completion answer at once.

| exit code | means |
|---|---|
| 0 | done |
| 1 | it did not work: database unreachable, job failed, unknown uid … |
| 2 | bad input: options, payload, a module that cannot be imported |
| 3 | `steve wait` ran out of time |
| 130 | interrupted |
"""
