"""``pellucid shard``, and ``check`` of what it wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def test_a_folder_is_written_checked_and_refused_once_damaged(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "shards"
    values = json.loads(pellucid("shard", picture_folder, "--out", out, "--json").stdout)
    (shard,) = [each for part in values["parts"].values() for each in part]
    assert shard["pictures"] > 0
    assert pellucid("check", out).stdout.count("\n") == 1
    path = out / shard["name"]
    path.write_bytes(b"\0" + path.read_bytes()[1:])
    said = pellucid("check", out, code=1).stderr
    assert path.name in said
    assert "Traceback" not in said
    again = pellucid("shard", picture_folder, "--out", out, code=1).stderr
    assert "new folder" in again
    assert "a file of that name" in pellucid("shard", picture_folder, "-o", path, code=1).stderr


def test_an_engine_without_the_option(pellucid: Command, picture_folder: Path) -> None:
    said = pellucid("train", picture_folder, "--engine", "native", "--compile", code=1).stderr
    assert "--compile" in said
    assert said.count("\n") == 1
