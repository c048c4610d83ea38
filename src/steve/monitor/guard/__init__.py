"""Who may come in, from where, and what answers forbid the browser."""
