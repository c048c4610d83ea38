"""Connections to PostgreSQL: where they come from, what runs on them, how the schema gets there."""
