"""`steve demo`: a feed of jobs, two handlers that often fail, and a live table."""
