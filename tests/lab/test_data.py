"""The data view: what a check finds, the pictures of classes, and data that change or go."""

from __future__ import annotations

import io
import shutil
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pellucid.lab import checking
from tests.lab.running import Opened, opened
from tests.transfer.made import body_file

if TYPE_CHECKING:
    from pathlib import Path

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture
def data(picture_folder: Path, tmp_path: Path) -> Path:
    """Pictures among which one is in two classes, and one is damaged."""
    folder = tmp_path / "data"
    shutil.copytree(picture_folder, folder)
    first = min((folder / "one").iterdir())
    other = next(each for each in folder.iterdir() if each.name != "one")
    shutil.copy(first, other / "again.png")
    (folder / "one" / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


def checked(lab: Opened, **asked: Any) -> dict[str, Any]:
    """What a check finds."""
    assert lab.ask("POST", "api/data/check", json=asked).status_code == 202
    while lab.lab.checking.state()["state"] == "checking":
        time.sleep(0.02)
    found: dict[str, Any] = lab.get("api/data")
    return found


def pixels(lab: Opened, identifier: str) -> np.ndarray:
    """A picture as the page gets it."""
    found = lab.ask("GET", f"api/data/pictures/{identifier}")
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(found.content)).convert("L"))


def test_what_a_check_finds(data: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "runs", str(data)) as lab:
        before = lab.get("api/data")
        assert (before["check"]["state"], before["report"]) == ("none", None)
        report = checked(lab)["report"]
        of = {each["kind"]: each for each in report["findings"]}
        conflict = of["conflicting-labels"]["names"]
        assert {each["label"] for each in conflict} == {"one", "naught — 영"}
        one, other = (pixels(lab, each["id"]) for each in conflict)
        assert (one == other).all()
        assert (one == np.asarray(Image.open(data / conflict[0]["name"]))).all()
        (damaged,) = of["unusable"]["names"]
        assert damaged["name"] == "one/damaged.png"
        refused = lab.ask("GET", f"api/data/pictures/{damaged['id']}")
        assert refused.status_code == 400
        assert "\n" not in refused.json()["error"]
        counts = {each["label"]: each["pictures"] for each in report["classes"]}
        assert counts == {"one": {"all": 30}, "naught — 영": {"all": 31}}


def test_labels_that_are_likely_wrong(
    picture_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = body_file(tmp_path)
    monkeypatch.setattr(checking, "BODY", str(body))
    shutil.copytree(picture_folder, tmp_path / "data")
    mistaken = min((tmp_path / "data" / "one").iterdir())
    other = next(each for each in (tmp_path / "data").iterdir() if each.name != "one")
    mistaken.rename(other / "mistaken.png")
    with opened(tmp_path / "runs", str(tmp_path / "data")) as lab:
        plain = checked(lab)
        assert "likely-wrong-label" not in {each["kind"] for each in plain["report"]["kinds"]}
        found = checked(lab, features=True)
        assert (found["check"]["state"], found["check"]["doing"]) == ("done", "folds")
        doubts = [
            each for each in found["report"]["findings"] if each["kind"] == "likely-wrong-label"
        ]
        names = [name for each in doubts for name in each["names"]]
        (one,) = (name for name in names if name["name"].endswith("/mistaken.png"))
        assert pixels(lab, one["id"]).size
        monkeypatch.setattr(checking, "BODY", str(tmp_path / "none.safetensors"))
        refused = checked(lab, features=True)["check"]
        assert refused["state"] == "failed"
        assert "none.safetensors" in refused["error"]
        assert lab.ask("POST", "api/data/check", json={"features": 1}).status_code == 400


def test_what_was_decided_is_not_found_again(data: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "runs", str(data)) as lab:
        checked(lab)
        changes = [{"path": "naught — 영/again.png", "after": {"decision": "leave-out"}}]
        assert lab.ask("PUT", "api/decisions", json={"changes": changes}).status_code == 200
        found = checked(lab)
        assert found["check"]["number"] == 2
        kinds = {each["kind"] for each in found["report"]["kinds"]}
        assert "conflicting-labels" not in kinds
        assert "unusable" in kinds


def test_the_pictures_of_a_class_some_at_a_time(data: Path, tmp_path: Path) -> None:
    for i in range(70):
        Image.fromarray(np.full((4, 4), i, np.uint8)).save(data / "one" / f"grey {i:02}.png")
    with opened(tmp_path / "runs", str(data)) as lab:
        first = lab.get("api/data/pictures?label=one")
        rest = lab.get(f"api/data/pictures?label=one&from={len(first['pictures'])}")
        names = [each["name"] for part in (first, rest) for each in part["pictures"]]
        assert len(names) == len(set(names)) == first["of"] == 101
        assert lab.get("api/data/pictures?label=none")["of"] == 0
        for start in ("-1", "x", "", "9" * 20, "../.."):
            found = lab.ask("GET", f"api/data/pictures?label=one&from={start}")
            assert found.status_code == 400


@pytest.mark.parametrize("identifier", ["%2e%2e%2fetc", "1-", "-1", "1-99999", "0-0", "1-1x"])
def test_pictures_are_looked_up(data: Path, tmp_path: Path, identifier: str) -> None:
    with opened(tmp_path / "runs", str(data)) as lab:
        lab.get("api/data/pictures?label=one")
        found = lab.ask("GET", f"api/data/pictures/{identifier}")
        assert found.status_code in (404, 405)


def test_data_that_have_gone(data: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "runs", str(data)) as lab:
        report = checked(lab)["report"]
        picture = report["findings"][0]["names"][0]
        data.rename(tmp_path / "moved")
        gone = lab.ask("GET", f"api/data/pictures/{picture['id']}")
        assert gone.status_code == 400
        assert picture["name"] in gone.json()["error"]
        found = lab.ask("PUT", "api/decisions", json={
            "changes": [{"path": picture["name"], "after": {"decision": "keep"}}],
        })  # fmt: skip
        assert found.status_code == 200  # without a digest, as there is nothing to digest
        assert checked(lab)["check"]["state"] == "failed"
        assert str(data) in lab.get("api/data")["check"]["error"]
        (tmp_path / "moved").rename(data)
        assert checked(lab)["check"]["state"] == "done"
        before = f"api/data/pictures/{picture['id']}"
        assert lab.ask("GET", before).status_code == 200  # a page may show it until then
        assert checked(lab)["check"]["state"] == "done"
        assert lab.ask("GET", before).status_code == 404  # of the list before the last


def test_names_with_markup_are_text(tmp_path: Path) -> None:
    folder = tmp_path / "data" / MARKUP
    folder.mkdir(parents=True)
    for i in range(3):
        Image.fromarray(np.full((5, 5), 80 * i, np.uint8)).save(folder / f"<i>{i}.png")
    with opened(tmp_path / "runs", str(tmp_path / "data")) as lab:
        report = checked(lab)["report"]
        assert [each["name"] for each in report["classes"]] == [MARKUP]
        answer = lab.ask("GET", "api/data")
        assert answer.headers["content-type"] == "application/json"


def test_arrays(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (20, 9, 7), np.uint8)
    images[1] = images[0]
    labels = np.arange(20) % 2
    path = tmp_path / "set.npz"
    np.savez(path, x_train=images, y_train=labels)
    with opened(tmp_path / "runs", str(path)) as lab:
        report = checked(lab)["report"]
        of = {each["kind"]: each for each in report["findings"]}
        names = of["conflicting-labels"]["names"]
        assert [each["name"] for each in names] == ["train[0]", "train[1]"]
        assert (pixels(lab, names[0]["id"]) == images[0]).all()
        changes = [{"path": "train[1]", "after": {"decision": "leave-out"}}]
        assert lab.ask("PUT", "api/decisions", json={"changes": changes}).status_code == 200
        kinds = {each["kind"] for each in checked(lab)["report"]["kinds"]}
        assert "conflicting-labels" not in kinds
