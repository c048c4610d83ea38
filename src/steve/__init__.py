"""A job queue in your PostgreSQL database."""
