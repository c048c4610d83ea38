"""What people read: tables, plots, and which targets are reached."""
