"""Housekeeping that every worker does, that needs no leader, and that may be done twice."""
