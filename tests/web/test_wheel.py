"""What is built for others has the front end in it, and no Node on the machine is needed for it."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
import tarfile
from fcntl import LOCK_EX, flock
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
MOST_JAVASCRIPT = 150_000
STATIC = "steve/monitor/static/"

Built = dict[str, bytes]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build from a copy of the checkout, first the sdist, then from that the wheel. Test processes
    share what is built: it takes long."""
    base = tmp_path_factory.getbasetemp()
    home = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (home / "built.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        out = home / "built"
        if not out.exists():
            build(home / "source" / "steve", out)
    [sdist], [wheel] = out.glob("*.tar.gz"), out.glob("*.whl")
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert f"src/{STATIC}index.html" in names
    assert "web/src/main.tsx" in names
    assert not [name for name in names if "node_modules" in name]
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def build(source: Path, out: Path) -> None:
    copy_checkout(source)
    made = source / "dist"
    command = [sys.executable, "-m", "build", "--outdir", str(made), str(source)]
    environment = {**os.environ, "PATH": path_without_node(source.parent / "bin")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    made.rename(out)


def copy_checkout(target: Path) -> None:
    """Copy what is in the repository, or would be: nothing that was built."""
    list_ = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(list_, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def path_without_node(folder: Path) -> str:
    """Make a folder of programs with a shell in it, which npm needs, and nothing else."""
    folder.mkdir()
    shell = shutil.which("sh")
    assert shell is not None
    (folder / "sh").symlink_to(shell)
    return str(folder)


pytestmark = pytest.mark.timeout(240)


def test_the_wheel_has_the_front_end(built: Built) -> None:
    page = built[f"{STATIC}index.html"].decode()
    wanted = re.findall(r'(?:src|href)="\./([^"]+)"', page)
    assert len(wanted) >= 3
    assert [name for name in wanted if f"{STATIC}{name}" not in built] == []


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere(built: Built) -> None:
    page = built[f"{STATIC}index.html"].decode()
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|https?:|//", page) == []


def test_the_styles_load_nothing_from_elsewhere(built: Built) -> None:
    styles = b"".join(text for name, text in built.items() if name.endswith(".css")).decode()
    addresses = re.findall(r"url\(([^)]*)\)|@import ([^;]+)", styles)
    assert addresses
    assert [one or two for one, two in addresses if not re.match(r"[\"']?\./", one)] == []


def test_the_javascript_is_small(built: Built) -> None:
    sizes = {name: len(gzip.compress(text)) for name, text in built.items() if name.endswith(".js")}
    assert sizes
    assert sum(sizes.values()) < MOST_JAVASCRIPT, sizes


def test_the_wheel_says_what_others_wrote(built: Built) -> None:
    licenses = built[f"{STATIC}assets/licenses.md"].decode()
    assert "## preact" in licenses
    fonts = [name for name in built if name.endswith(".woff2")]
    texts = [name for name in built if name.endswith("-license.txt")]
    assert len(fonts) == len(texts) > 0
