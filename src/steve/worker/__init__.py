"""The worker: claim, run, finish, and keep the lease while doing so."""
