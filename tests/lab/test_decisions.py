"""What is decided in a lab: saved at once, never lost, and never over what others decided."""

from __future__ import annotations

import errno
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from pellucid.data.decisions import decisions_csv, read_decisions
from pellucid.data.decisions.digest import file_digest
from pellucid.files import atomic
from pellucid.files.lock import TakenError
from pellucid.lab import decision_book
from pellucid.lab.decision_book import EARLIER, NAME, Change, DecisionBook, Said
from tests.lab.running import Opened, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEEP, OUT = {"decision": "keep", "label": "", "note": ""}, {"decision": "leave-out"}


@pytest.fixture
def lab(picture_folder: Path, tmp_path: Path) -> Iterator[Opened]:
    with opened(tmp_path / "runs", str(picture_folder)) as found:
        yield found


def names(folder: Path) -> list[str]:
    """The pictures, as they are printed."""
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.png"))


def put(lab: Opened, *changes: dict[str, Any]) -> Any:
    """The answer to changes."""
    return lab.ask("PUT", "api/decisions", json={"changes": list(changes)})


def change(path: str, after: Any, before: Any = None) -> dict[str, Any]:
    return {"path": path, "before": before, "after": after}


def test_decisions_are_saved_with_digests(
    lab: Opened, picture_folder: Path, tmp_path: Path
) -> None:
    first, second, third = names(picture_folder)[:3]
    empty = lab.get("api/decisions")
    assert (empty["rows"], empty["problem"]) == ([], "")
    assert set(empty["classes"]) == {"one", "naught — 영"}
    assert not (tmp_path / "runs").exists()
    note = "=1+1, <b>\n한"
    moved = {"decision": "move", "label": "one", "note": note}
    found = put(lab, change(first, KEEP), change(second, moved), change(third, OUT))
    assert found.status_code == 200, found.text
    kept = read_decisions(tmp_path / "runs" / NAME)
    assert [(row.path, row.way, row.label) for row in kept.rows] == [
        (first, "keep", ""), (second, "move", "one"), (third, "leave-out", ""),
    ]  # fmt: skip
    assert kept.rows[1].note == "=1+1, <b> 한"  # one line
    assert [row.digest for row in kept.rows] == [
        file_digest(picture_folder / name) for name in (first, second, third)
    ]
    again = lab.get("api/decisions")
    assert [row["path"] for row in again["rows"]] == [first, second, third]
    for row in again["rows"]:
        picture = lab.ask("GET", f"api/data/pictures/{row['picture']}")
        assert picture.headers["content-type"] == "image/png"
    assert put(lab, change(first, None, KEEP)).status_code == 200
    assert first not in read_decisions(tmp_path / "runs" / NAME).of


def test_what_others_decided_meanwhile_stays(
    lab: Opened, picture_folder: Path, tmp_path: Path
) -> None:
    first, second, third = names(picture_folder)[:3]
    put(lab, change(first, KEEP))
    with opened(tmp_path / "runs", str(picture_folder)) as other:
        assert put(other, change(first, OUT, KEEP)).status_code == 200
        assert put(other, change(second, OUT)).status_code == 200
    # this page knows nothing of these; the change of a third picture is made nevertheless
    moved = {"decision": "move", "label": "one", "note": ""}
    found = put(lab, change(first, None, KEEP), change(second, moved), change(third, OUT))
    assert found.status_code == 409
    assert set(found.json()["contradicted"]) == {first, second}
    rows = read_decisions(tmp_path / "runs" / NAME).of
    assert [rows[name].way for name in (first, second, third)] == ["leave-out"] * 3
    theirs = {"decision": "leave-out", "label": "", "note": ""}
    assert put(lab, change(second, moved, theirs)).status_code == 200  # chosen, knowing both
    assert read_decisions(tmp_path / "runs" / NAME).of[second].way == "move"
    assert put(lab, change(third, OUT)).status_code == 200  # both decided the same


def test_two_labs_at_once_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another lab begins to write when this one has looked, and its file is not in place yet."""
    one, two = (DecisionBook(tmp_path / "runs") for _ in range(2))
    threads: list[threading.Thread] = []
    happened: queue.Queue[str] = queue.Queue()

    def decide(book: DecisionBook, path: str) -> None:
        assert not book.change([Change(path, None, Said("keep"))], lambda _: "").contradicted

    def other() -> None:
        try:
            decide(two, "two.png")
        finally:
            happened.put("has written")

    class Lock(decision_book._Lock):
        def __init__(self, folder: Path) -> None:
            try:
                super().__init__(folder)
            except TakenError:
                happened.put("waits")
                raise

    class Interrupted(atomic.System):
        def replace(self, path: Path, target: Path) -> None:
            if target.name == NAME and not threads:
                threads.append(threading.Thread(target=other))
                threads[0].start()
                assert happened.get(timeout=60) == "waits"
            super().replace(path, target)

    monkeypatch.setattr(decision_book, "_Lock", Lock)
    monkeypatch.setattr(atomic, "SYSTEM", Interrupted())
    decide(one, "one.png")
    threads[0].join()
    assert {row.path for row in one.read().rows} == {"one.png", "two.png"}


def test_what_many_decide_at_once_is_kept(tmp_path: Path) -> None:
    books = [DecisionBook(tmp_path / "runs") for _ in range(2)]

    def decide(number: int) -> None:
        made = Change(f"{number}.png", None, Said("keep", note=str(number)))
        assert not books[number % 2].change([made], lambda _: "").contradicted

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(decide, range(40)))
    assert {row.path for row in books[0].read().rows} == {f"{i}.png" for i in range(40)}


def test_a_file_with_more_than_decisions_is_kept_beside(
    lab: Opened, picture_folder: Path, tmp_path: Path
) -> None:
    first, second = names(picture_folder)[:2]
    file = tmp_path / "runs" / NAME
    file.parent.mkdir()
    text = f"decision,path,mine\nkeep,{first},x\n,{second},not looked at yet\n"
    file.write_text(text)
    assert put(lab, change(second, OUT)).status_code == 200
    assert set(read_decisions(file).of) == {first, second}
    assert (file.parent / EARLIER).read_text() == text
    put(lab, change(second, KEEP, {**KEEP, **OUT}))
    assert (file.parent / EARLIER).read_text() == text  # not what this lab wrote


def test_a_file_that_is_none_of_decisions_stays_as_it_is(
    lab: Opened, picture_folder: Path, tmp_path: Path
) -> None:
    first = names(picture_folder)[0]
    file = tmp_path / "runs" / NAME
    file.parent.mkdir()
    for text in ("something else\n1\n", f"path,decision\n{first},perhaps\n"):
        file.write_text(text)
        assert NAME in lab.get("api/decisions")["problem"]
        found = put(lab, change(first, KEEP))
        assert found.status_code == 400
        assert NAME in found.json()["error"]
        assert file.read_text() == text


def test_a_full_disk_changes_nothing(
    lab: Opened, picture_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = names(picture_folder)[:2]
    put(lab, change(first, KEEP))
    before = (tmp_path / "runs" / NAME).read_bytes()

    class Full(atomic.System):
        def write(self, descriptor: int, part: memoryview) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(atomic, "SYSTEM", Full())
        found = put(lab, change(second, OUT))
        assert found.status_code == 400
        assert "\n" not in found.json()["error"]
    assert [file.name for file in (tmp_path / "runs").iterdir()] == [NAME]
    assert (tmp_path / "runs" / NAME).read_bytes() == before
    assert put(lab, change(second, OUT)).status_code == 200  # tried again, as the page does


@pytest.mark.parametrize(
    "asked",
    [
        None, [], {"changes": None}, {"changes": [1]}, {"changes": [{}]}, {"more": 1},
        {"changes": [{"path": "../../etc/passwd", "after": KEEP}]},
        {"changes": [{"path": "/etc/passwd", "after": KEEP}]},
        {"changes": [{"path": "..", "after": OUT}]},
        {"changes": [{"path": "FIRST", "after": {"decision": "perhaps"}}]},
        {"changes": [{"path": "FIRST", "after": {"decision": "move"}}]},
        {"changes": [{"path": "FIRST", "after": {"decision": "move", "label": "../other"}}]},
        {"changes": [{"path": "FIRST", "after": {"decision": "keep", "note": "x" * 3000}}]},
        {"changes": [{"path": "FIRST", "after": {"decision": "keep", "note": 1}}]},
        {"changes": [{"path": "FIRST", "after": KEEP}, {"path": "FIRST", "after": OUT}]},
        {"changes": [{"path": "FIRST", "after": "keep"}]},
    ],
)  # fmt: skip
def test_what_is_no_decision_changes_nothing(
    lab: Opened, picture_folder: Path, tmp_path: Path, asked: Any
) -> None:
    for each in (asked or {}).get("changes") or () if isinstance(asked, dict) else ():
        if isinstance(each, dict) and each.get("path") == "FIRST":
            each["path"] = names(picture_folder)[0]
    found = lab.ask("PUT", "api/decisions", json=asked)
    assert found.status_code == 400
    assert "\n" not in found.json()["error"]
    assert not (tmp_path / "runs").exists()


def test_a_lab_without_data_decides_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as lab:
        found = put(lab, change("a.png", KEEP))
        assert found.status_code == 400
        assert "pellucid lab" in found.json()["error"]
        (tmp_path / NAME).write_text(decisions_csv(()))
        assert lab.get("api/decisions")["rows"] == []
