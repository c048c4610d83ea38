"""What pages see without asking again: events that follow the database.

One hub looks at the database for all of them, so that many open pages cost it what one does.
"""
