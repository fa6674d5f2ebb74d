"""Folders: made, tried, locked."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pellucid.errors import OutputError
from pellucid.files import remove_file, try_folder, write_file
from pellucid.files.atomic import remove_left_over
from pellucid.files.lock import FolderLock, TakenError, is_locked
from tests.messages import check_line


def test_a_trial_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for name in ("there", "new", "there/new/and/newer"):
        try_folder(tmp_path / name, "result")
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


def test_a_trial_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("mine")
    for name, reason in (("file", "a file of that name is in the way"), ("file/a", "Not a dir")):
        with pytest.raises(OutputError, match=reason):
            try_folder(tmp_path / name, "result")

    def refuse(*arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OutputError, match=r"b/result: .* no permission to write in") as caught:
        try_folder(tmp_path / "a" / "b", "result")
    check_line(caught.value)
    assert not (tmp_path / "a").exists()


def test_a_trial_sees_what_writing_would_see(tmp_path: Path) -> None:
    """The trial reports whatever prevents a file, in the words of writing it."""
    (tmp_path / "out" / "folder").mkdir(parents=True)
    (tmp_path / "out" / "earlier").write_text("kept")
    (tmp_path / "out" / "into-nothing").symlink_to(tmp_path / "gone" / "file")
    (tmp_path / "out" / "device").symlink_to("/dev/null")
    before = sorted(tmp_path.rglob("*"))
    for name, reason in (
        ("folder", "it is a folder; give the name of a file in it"),
        ("device", "it is a device or a pipe; give the name of a file"),
        ("into-nothing", "there is no folder"),
    ):
        with pytest.raises(OutputError, match=f"{name}: cannot be written: {reason}") as tried:
            try_folder(tmp_path / "out", name)
        with pytest.raises(OutputError) as written:
            write_file(tmp_path / "out" / name, b"new")
        assert str(tried.value) == str(written.value)
        check_line(tried.value)
    try_folder(tmp_path / "out", "earlier")
    assert (tmp_path / "out" / "earlier").read_text() == "kept"
    assert sorted(tmp_path.rglob("*")) == before


def test_a_trial_says_what_is_write_protected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "earlier").write_text("kept")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(OutputError, match=r"earlier: .* the earlier file is write-protected"):
        try_folder(tmp_path, "earlier")


def test_removing(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    remove_file(tmp_path / "a")
    remove_file(tmp_path / "a")
    assert not (tmp_path / "a").exists()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="folder: cannot be removed: "):
        remove_file(tmp_path / "folder")


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in (".pellucid-0123456789abcdef.tmp", "mine.tmp", ".pellucid-lock"):
        (tmp_path / name).touch()
    remove_left_over(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"mine.tmp", ".pellucid-lock"}


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    first = FolderLock(tmp_path)
    with pytest.raises(OutputError, match="another training is writing in this folder") as caught:
        FolderLock(tmp_path)
    check_line(caught.value)
    first.release()
    first.release()
    assert list(tmp_path.iterdir()) == []
    second = FolderLock(tmp_path)
    with pytest.raises(OutputError):
        FolderLock(tmp_path)
    second.release()


def test_a_lock_that_is_forgotten_is_free(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    del lock
    gc.collect()
    FolderLock(tmp_path).release()


def test_a_file_that_was_removed_meanwhile_locks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opened it before its holder removed it must not believe to hold the lock."""
    opened = os.open
    removed: list[Path] = []

    def open_and_lose(path: Path, *arguments: int) -> int:
        descriptor = opened(path, *arguments)
        if not removed:
            removed.append(path)
            path.unlink()
        return descriptor

    monkeypatch.setattr(os, "open", open_and_lose)
    lock = FolderLock(tmp_path)
    monkeypatch.undo()
    assert removed
    with pytest.raises(OutputError):
        FolderLock(tmp_path)
    lock.release()


def test_a_killed_process_leaves_nothing_locked(tmp_path: Path) -> None:
    code = """
        import sys, time
        from pathlib import Path
        from pellucid.files.lock import FolderLock
        lock = FolderLock(Path(sys.argv[1]))
        print("locked", flush=True)
        time.sleep(60)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        with pytest.raises(OutputError, match="another training"):
            FolderLock(tmp_path)
        process.kill()
    FolderLock(tmp_path).release()


def test_looking_whether_a_folder_is_locked_keeps_nobody_out(tmp_path: Path) -> None:
    """Processes look all the time while another takes the lock and releases it."""
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from pellucid.files.lock import is_locked
        folder, seen = Path(sys.argv[1]), Path(sys.argv[2])
        while True:
            if is_locked(folder):
                seen.touch()
        """
    )
    folder, marks = tmp_path / "run", [tmp_path / "one", tmp_path / "two"]
    folder.mkdir()
    looking = [subprocess.Popen([sys.executable, "-c", program, folder, mark]) for mark in marks]
    try:
        rounds = 0
        while rounds < 1000 or not all(mark.exists() for mark in marks):
            lock = FolderLock(folder)  # which is never refused
            assert is_locked(folder)
            with pytest.raises(TakenError, match="another training"):
                FolderLock(folder)
            lock.release()
            assert not is_locked(folder)
            assert all(each.poll() is None for each in looking)
            rounds += 1
    finally:
        for each in looking:
            each.kill()
            each.wait()
