"""The monitor: an ASGI application that shows the work and, where it is allowed to, steers it."""
