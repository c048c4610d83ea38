"""The monitor: an ASGI application that shows the work and, where it is allowed to, steers it."""

from steve.monitor.viewer import Viewer

__all__ = ["Viewer"]
