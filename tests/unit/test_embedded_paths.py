"""Where the embedded PostgreSQL keeps its data and its socket."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from steve.database.embedded import default_home
from steve.database.embedded.paths import (
    SOCKET_NAME,
    SOCKET_PATH_LIMIT,
    Layout,
    project_directory,
    user_data_directory,
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder that we are in, two levels down, with an environment that says nothing."""
    project = tmp_path / "shop"
    (project / "src" / "shop").mkdir(parents=True)
    (project / "pyproject.toml").touch()
    monkeypatch.chdir(project / "src" / "shop")
    monkeypatch.delenv("STEVE_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    return project


def test_home_is_the_same_all_over_a_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = default_home()
    monkeypatch.chdir(project)
    assert default_home() == inside
    assert inside.parent == user_data_directory()
    assert inside.name.startswith("shop-")


def test_projects_of_one_name_have_their_own_homes(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = default_home()
    namesake = tmp_path / "other" / "shop"
    (namesake / ".git").mkdir(parents=True)
    monkeypatch.chdir(namesake)
    assert default_home() != first


@pytest.mark.usefixtures("project")
def test_steve_home_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEVE_HOME", "kept/here")
    assert default_home() == Path.cwd() / "kept/here"


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has its own place for user data")
@pytest.mark.parametrize(
    ("given", "expected"),
    [("/data", "/data/steve"), ("relative", "~/.local/share/steve"), ("", "~/.local/share/steve")],
)
def test_user_data_directory(given: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", given)
    assert user_data_directory() == Path(expected).expanduser()


def test_a_folder_without_marks_is_a_project_of_its_own(tmp_path: Path) -> None:
    assert project_directory(tmp_path) == tmp_path


@pytest.mark.parametrize("name", ["a" * 90, "ä" * 50, "one,two", 'quo"te'])
def test_socket_avoids_paths_that_postgres_cannot_take(tmp_path: Path, name: str) -> None:
    layout = Layout.under(tmp_path / name)
    layout.prepare()
    chosen = layout.socket_directory()
    try:
        assert not chosen.is_relative_to(tmp_path)
        assert len(os.fsencode(chosen / SOCKET_NAME)) <= SOCKET_PATH_LIMIT
        assert chosen.stat().st_mode & 0o777 == 0o700
        assert layout.socket_directory() == chosen
    finally:
        chosen.rmdir()


def test_prepare_leaves_parents_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    layout = Layout.under(home)
    layout.directory.mkdir(mode=0o755)
    layout.prepare()
    assert layout.directory.stat().st_mode & 0o777 == 0o700
    assert home.stat().st_mode & 0o777 == 0o755
