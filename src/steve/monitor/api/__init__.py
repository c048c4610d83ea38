"""The JSON API: what can be asked, and the answers."""
