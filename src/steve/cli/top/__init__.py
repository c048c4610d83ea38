"""`steve top`: what happens at this moment, on a terminal.

`look` asks the database, `panes` makes rows of the answers, `pane` shows rows, and `screen` puts it
all together and does what keys say. Everything from jobs is shown as text, made printable.
"""
