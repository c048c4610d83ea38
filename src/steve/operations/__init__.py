"""The operations on the database, a module per family."""
