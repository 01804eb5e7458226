"""docs/clients.md says what stands in clients/: each client, the version that is locked, every program."""

import json
from pathlib import Path

import pytest

from clients.rows import CLIENTS, Client

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "clients.md").read_text("utf-8")
PLAYERS = {"play"}  # plays scenes, and is no client


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.program_name)
def test_a_client_is_told_of_with_its_base_url_and_tried_at_the_version_that_is_locked(client: Client):
    assert f"| {client.title} | {client.base} | [{client.program}](../clients/{client.program}) |" in PAGE
    assert f"| {client.title} | {client.version} | " in PAGE


def test_every_program_is_a_client():
    programs = {
        path.relative_to(ROOT / "clients").as_posix()
        for pattern in ("python/*.py", "node/*.mjs", "agents/*.py")
        for path in (ROOT / "clients").glob(pattern)
        if path.stem not in PLAYERS
    }

    assert programs == {client.program for client in CLIENTS}


def test_every_scene_is_explained():
    scenes = {
        scene
        for line in PAGE.splitlines()
        if " | ok | " in line
        for scene in line.split(" | ")[-1].strip(" |").split(", ")
    }

    assert scenes
    assert {scene for scene in scenes if f"`{scene}`" not in PAGE} == set()


@pytest.mark.parametrize("folder", ["node", "agents"])
def test_npms_lock_pins_every_package_and_names_no_host(folder: str):
    lock = json.loads((ROOT / "clients" / folder / "package-lock.json").read_text())
    packages = {name: facts for name, facts in lock["packages"].items() if name}

    assert packages
    assert [name for name, facts in packages.items() if "integrity" not in facts or "resolved" in facts] == []
    asked = json.loads((ROOT / "clients" / folder / "package.json").read_text())["dependencies"]
    assert lock["packages"][""]["dependencies"] == asked
