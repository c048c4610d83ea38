"""The embedded PostgreSQL started by root, as it happens in containers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from steve.database.embedded import start_blocking
from steve.database.embedded.identity import CLONE_NEWUSER, LENDABLE
from support import without_namespaces
from support.embedded_client import Client
from support.embedded_home import Home

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.any_postgres,
    pytest.mark.timeout(40),
    pytest.mark.skipif(os.geteuid() != 0, reason="about what root does"),
]

IDLE = 0.3

WITHOUT_NAMESPACES = (sys.executable, without_namespaces.__file__)


def namespaces_can_be_forbidden() -> bool:
    return works(*WITHOUT_NAMESPACES, "true")


def namespaces_work() -> bool:
    return works(
        sys.executable, "-c", f"import ctypes; exit(ctypes.CDLL(None).unshare({CLONE_NEWUSER}))"
    )


def works(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def reachable_home() -> Iterator[Home]:
    """A home that other users get to, unlike those below pytest's own directory."""
    with tempfile.TemporaryDirectory(prefix="steve-test-") as name:
        Path(name).chmod(0o755)
        home = Home(Path(name) / "home")
        yield home
        home.wait_until_down()


def test_root_keeps_files_and_parents_as_they_are(home: Home, programs: Path) -> None:
    home.path.mkdir(mode=0o700)
    if not namespaces_work():
        pytest.skip("no user namespaces here")
    with start_blocking(home.path, binaries=programs, idle=IDLE) as server:
        owners = {path.lstat().st_uid for path in server.directory.rglob("*")}
        process = Path("/proc", str(home.state().server), "status").read_text()
    assert owners == {0}
    assert "Uid:\t0\t0" in process, "seen from here, the server is still us"
    assert home.path.stat().st_mode & 0o777 == 0o700


def test_root_lends_the_server_to_another_user(reachable_home: Home, programs: Path) -> None:
    if not namespaces_can_be_forbidden():
        pytest.skip("user namespaces cannot be forbidden for a test here")
    with Client(
        reachable_home.path, binaries=programs, idle=IDLE, under=WITHOUT_NAMESPACES
    ) as client:
        client.server_pid()
        client.ask("CREATE TABLE kept AS SELECT 42 AS number")
        assert reachable_home.layout.data.owner() in LENDABLE
    reachable_home.wait_until_down()

    with Client(reachable_home.path, binaries=programs, idle=IDLE) as client:
        client.server_pid()
        assert client.ask("SELECT number FROM kept") == "42"
