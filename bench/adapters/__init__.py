"""What drives each peer: scripts that run in the peer's own environment.

`adapter.py` says what they have in common, and what they print.
"""
