"""What happens to jobs, and how those who want to know hear of it."""
