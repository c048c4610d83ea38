"""A storm: workers and producers under faults, and what is left of their jobs afterwards."""
