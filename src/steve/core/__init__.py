"""Values and pure decisions: no I/O, nothing beyond the standard library and msgspec.

| module | holds |
|---|---|
| `errors` | the exception tree |
| `text` | text made fit for PostgreSQL and for a log line |
| `control` | what a handler raises to retry, snooze, cancel or fail |
| `backoff` | how long to wait before the next attempt |
| `failure` | an exception as a value |
| `outcome` | how an attempt ended, and the decision which |
| `context` | what a job can do while its handler runs |
| `job` | `Job`, `Attempt` and their states |
| `uid` | time-ordered identifiers |
| `codec` | payloads and results as JSON |
| `options` | checks of everything a caller passes in |
| `settings` | a manager's settings |
| `registry` | which function handles which type |
"""
