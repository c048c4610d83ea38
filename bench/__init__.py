"""steve beside its peers: the same work, on the same PostgreSQL, in the same run."""
