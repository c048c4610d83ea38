"""What the documents show is true: their code runs, their links lead somewhere."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from steve import Jobs
from steve.cli.main import cli
from support.documents import blocks

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")])
EXAMPLES = sorted(ROOT.glob("examples/*.py"))
LANGUAGES = {"bash", "console", "dockerfile", "ini", "python", "sql", "text", "toml", "yaml"}
ARGUMENTS = {"web.py": ["--try"]}
"""What an example needs to be told so that it ends by itself."""

TIMEOUT = 100.0
"""Seconds: the command line's page starts a score of processes."""

_LINK = re.compile(r"(?<!\!)\[[^\]]*\]\((?P<target>[^)\s]+)\)|\!\[[^\]]*\]\((?P<image>[^)\s]+)\)")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def run_python(script: list[str], directory: Path, dsn: str) -> None:
    environment = {
        **os.environ,
        "STEVE_DATABASE_URL": dsn,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT / "tests"),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", *script],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def has_code(document: Path) -> bool:
    return any(
        not block.note.startswith("not run")
        if block.language in {"python", "sql"}
        else block.note.startswith("run")
        for block in blocks(document)
    )


@pytest.mark.timeout(TIMEOUT + 10)
@pytest.mark.parametrize("document", [*filter(has_code, DOCUMENTS)], ids=name)
def test_the_code_of_the_document_runs(document: Path, tmp_path: Path, dsn: str) -> None:
    run_python([str(ROOT / "tests/support/run_document.py"), str(document)], tmp_path, dsn)


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_the_example_runs(example: Path, tmp_path: Path, dsn: str) -> None:
    run_python([str(example), *ARGUMENTS.get(example.name, [])], tmp_path, dsn)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_code_block_says_its_language(document: Path) -> None:
    unknown = [
        f"{name(document)}:{block.line}: {block.language or 'no language'}"
        for block in blocks(document)
        if block.language not in LANGUAGES
    ]
    assert unknown == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    broken = [
        target
        for target in links(document)
        if "://" not in target and not leads_somewhere(document, target)
    ]
    assert broken == []


def test_every_command_is_described() -> None:
    described = re.findall(r"^## (\w+)$", (ROOT / "docs/cli.md").read_text(), re.MULTILINE)
    assert sorted(described) == cli.list_commands(click.Context(cli))


def test_every_setting_is_described() -> None:
    guide = (ROOT / "docs/guide.md").read_text().partition("## Settings")[2]
    settings = [field for field in inspect.signature(Jobs).parameters if field != "self"]
    assert re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE) == settings


def test_the_walk_of_a_payload_passes_functions_that_exist() -> None:
    walk = (ROOT / "docs/architecture.md").read_text().partition("## The walk")[2]
    steps = re.findall(r"^\| \d+ \| (.+?) \| (.+?) \|", walk.partition("## ")[0], re.MULTILINE)
    missing = [
        (files, function)
        for files, functions in steps
        for function in re.findall(r"`(\w+)`", functions)
        if not any(defines(ROOT / "src/steve" / f, function) for f in re.findall(r"`(.+?)`", files))
    ]
    assert len(steps) > 10
    assert missing == []


def defines(file: Path, function: str) -> bool:
    return bool(re.search(rf"(def|function) (steve\.)?{function}\(", file.read_text()))


def links(document: Path) -> list[str]:
    prose = without_code(document.read_text(encoding="utf-8"))
    return [match["target"] or match["image"] for match in _LINK.finditer(prose)]


def leads_somewhere(document: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    found = (document.parent / path).resolve() if path else document
    if not found.exists() or not found.is_relative_to(ROOT):
        return False
    return not anchor or anchor in anchors(found)


def anchors(document: Path) -> set[str]:
    """The names that GitHub gives to headings."""
    found: set[str] = set()
    for line in without_code(document.read_text(encoding="utf-8")).splitlines():
        if heading := re.fullmatch(r"#{1,6} (.+)", line):
            words = re.sub(r"[^\w\- ]", "", heading[1].lower())
            anchor = base = words.replace(" ", "-")
            number = 0
            while anchor in found:
                number += 1
                anchor = f"{base}-{number}"
            found.add(anchor)
    return found


def without_code(text: str) -> str:
    return re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.MULTILINE | re.DOTALL)
