"""The files of ``RUN/live``: read back as they were written, and refused where they are not."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from pellucid.errors import FileFormatError
from pellucid.training.live import LiveProgress, read_progress

if TYPE_CHECKING:
    from pathlib import Path

PROGRESS = LiveProgress(
    epoch=2, epochs=5, images=64, of=1000, loss=0.25, accuracy=None, images_per_second=123.5,
    rate=0.05, rate_factor=0.5, paused=True, doing="", step=34, number=7, pid=123, host="café",
    control=3, ended="",
)  # fmt: skip


def written(tmp_path: Path, content: bytes) -> Path:
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "progress.json").write_bytes(content)
    return tmp_path


def test_read_as_written(tmp_path: Path) -> None:
    assert read_progress(tmp_path) is None
    content = PROGRESS.to_bytes()
    assert json.loads(content) == {"format": 1, **asdict(PROGRESS)}
    assert read_progress(written(tmp_path, content)) == PROGRESS


def test_fields_that_came_later_are_passed_over(tmp_path: Path) -> None:
    values = {**json.loads(PROGRESS.to_bytes()), "weather": ["sun"]}
    assert read_progress(written(tmp_path, json.dumps(values).encode())) == PROGRESS


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"format": 2}, "format 2"),
        ({"format": None}, "format"),
        ({"format": True}, "format"),
        ({"epoch": -1}, "epoch"),
        ({"epoch": 1.0}, "epoch"),
        ({"epoch": True}, "epoch"),
        ({"epoch": 1 << 60}, "epoch"),
        ({"paused": 0}, "paused"),
        ({"loss": "low"}, "loss"),
        ({"loss": None}, "loss"),
        ({"accuracy": []}, "accuracy"),
        ({"host": None}, "host"),
    ],
)
def test_a_field_of_another_kind_is_named(
    tmp_path: Path, change: dict[str, Any], named: str
) -> None:
    values = {**json.loads(PROGRESS.to_bytes()), **change}
    with pytest.raises(FileFormatError, match=named):
        read_progress(written(tmp_path, json.dumps(values).encode()))


def test_a_field_that_is_missing_is_named(tmp_path: Path) -> None:
    values = json.loads(PROGRESS.to_bytes())
    del values["step"]
    with pytest.raises(FileFormatError, match="step"):
        read_progress(written(tmp_path, json.dumps(values).encode()))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b"{}", b'{"format": 1, "format": 1}', b"NaN", b" " * (1 << 17)],
)
def test_what_is_no_such_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileFormatError, match=r"progress\.json"):
        read_progress(written(tmp_path, content))


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "live" / "progress.json").mkdir(parents=True)
    with pytest.raises(FileFormatError, match=r"progress\.json"):
        read_progress(tmp_path)
