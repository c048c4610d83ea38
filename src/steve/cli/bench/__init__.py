"""`steve bench`: how fast steve is on this machine and this database."""
