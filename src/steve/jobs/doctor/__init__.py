"""What is wrong with a database, and what to do: facts are asked for, then judged."""
