"""The manager that people use, in parts of one topic each."""
