"""Writing whole or not at all: whatever goes wrong, the earlier file is as it was."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pellucid.errors import OutputError
from pellucid.files import write_file, write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OLD = b"the earlier result"


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    path = tmp_path / "result.bin"
    path.write_bytes(OLD)
    return path


def assert_untouched(path: Path) -> None:
    """The earlier file as it was, and nothing beside it."""
    assert path.read_bytes() == OLD
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def run_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )


@pytest.mark.parametrize(
    "content", [b"", b"new", [b"in ", b"", b"parts"], iter([b"x" * 3_000_000])], ids=range(4)
)
def test_writes_what_it_is_given(earlier: Path, content: bytes | list[bytes]) -> None:
    expected = content if isinstance(content, bytes) else b"".join(kept := list(content))
    write_file(earlier, content if isinstance(content, bytes) else iter(kept))
    assert earlier.read_bytes() == expected
    assert [entry.name for entry in earlier.parent.iterdir()] == [earlier.name]


def test_writes_text_in_utf_8_and_escapes_what_is_no_text(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", "鳥,\udcff\n")
    assert (tmp_path / "a.csv").read_bytes() == "鳥,\\udcff\n".encode()


def test_takes_a_path_as_text(tmp_path: Path) -> None:
    write_file(str(tmp_path / "a"), b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_keeps_the_permissions_of_an_earlier_file(earlier: Path) -> None:
    earlier.chmod(0o640)
    write_file(earlier, b"new")
    assert stat.S_IMODE(earlier.stat().st_mode) == 0o640


def test_a_new_file_gets_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_file(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    real, link = tmp_path / "folder" / "real", tmp_path / "link"
    real.write_bytes(OLD)
    link.symlink_to(real)
    write_file(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path: Path) -> None:
    write_file(tmp_path / ("n" * 255), b"new")
    assert (tmp_path / ("n" * 255)).read_bytes() == b"new"


UNUSABLE: dict[str, tuple[Callable[[Path], Path | str], str]] = {
    "missing folder": (lambda at: at.parent / "none" / "a", "there is no folder"),
    "file for folder": (lambda at: at / "a", "is a file, not a folder"),
    "folder": (lambda at: at.parent, "it is a folder; give the name of a file in it"),
    "empty": (lambda at: "", "it is a folder"),
    "device": (lambda at: os.devnull, "it is a device or a pipe"),
    "zero byte": (lambda at: at.parent / "a\0b", "null byte"),
    "long name": (lambda at: at.parent / ("n" * 256), "the name is too long"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_paths(earlier: Path, case: str) -> None:
    path, message = UNUSABLE[case]
    with pytest.raises(OutputError, match=message) as caught:
        write_file(path(earlier), b"new")
    assert "cannot be written: " in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert_untouched(earlier)
    assert not Path(os.devnull).is_file()


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="it is a device or a pipe"):
        write_file(tmp_path / "pipe", b"new")


def test_a_write_protected_file_is_respected(
    earlier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # the superuser may do anything
    with pytest.raises(OutputError, match="the earlier file is write-protected"):
        write_file(earlier, b"new")
    assert_untouched(earlier)


FAILURES = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "your quota on this disk is used up",
    errno.EFBIG: "larger than this disk or a limit",
    errno.EACCES: "no permission to write in",
    errno.EPERM: "no permission to write in",
    errno.EROFS: "can only be read; choose another folder",
    errno.EIO: "Input/output error",
}


@pytest.mark.parametrize("number", FAILURES, ids=errno.errorcode.get)
@pytest.mark.parametrize("step", ["open", "write", "fsync", "replace"])
def test_the_system_fails(
    earlier: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise OSError(number, os.strerror(number))

    written = []
    really_write = os.write

    def fail_at_second_call(descriptor: int, data: memoryview) -> int:
        written.append(len(data))
        if len(written) == 2:
            fail()
        return really_write(descriptor, data[:1000])

    with monkeypatch.context() as patch:
        if step == "write":
            patch.setattr(os, "write", fail_at_second_call)
        elif step == "replace":
            patch.setattr(Path, "replace", fail)
        else:
            patch.setattr(os, step, fail)
        with pytest.raises(OutputError, match=FAILURES[number]) as caught:
            write_file(earlier, bytes(5000))
    assert str(caught.value).startswith(f"{earlier}: cannot be written: ")
    assert str(caught.value).endswith("; nothing was changed")
    assert len(str(caught.value).splitlines()) == 1
    assert step != "write" or written == [5000, 4000]
    assert_untouched(earlier)


def test_a_real_limit_on_file_sizes(earlier: Path) -> None:
    """The system itself stops the writing midway, as it does on a full disk."""
    code = """
        import resource, sys
        from pellucid.errors import OutputError
        from pellucid.files import write_file
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        try:
            write_file(sys.argv[1], bytes(20_000))
        except OutputError as error:
            print(error)
    """
    output, _ = run_python(code, str(earlier)).communicate()
    assert "the file is larger than this disk or a limit on file sizes allows" in output
    assert_untouched(earlier)


def test_a_folder_that_cannot_be_synced_is_no_failure(
    earlier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_sync = os.fsync

    def only_files(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        really_sync(descriptor)

    monkeypatch.setattr(os, "fsync", only_files)
    write_file(earlier, b"new")
    assert earlier.read_bytes() == b"new"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError, FileNotFoundError])
def test_an_error_of_the_content_itself_passes_through(
    earlier: Path, error: type[BaseException]
) -> None:
    def parts() -> Iterator[bytes]:
        yield b"half"
        raise error

    with pytest.raises(error) as caught:
        write_file(earlier, parts())
    assert not isinstance(caught.value, OutputError)
    assert_untouched(earlier)


def test_content_reaches_the_disk_before_it_takes_the_name(
    earlier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order write, sync, rename, sync of the folder is what survives a power failure."""
    steps = []
    really_sync, really_replace = os.fsync, Path.replace

    def sync(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        steps.append((f"sync {kind}", earlier.read_bytes()))
        really_sync(descriptor)

    def replace(self: Path, target: Path) -> Path:
        steps.append(("replace", self.read_bytes()))
        return really_replace(self, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    write_file(earlier, b"new")
    assert steps == [("sync file", OLD), ("replace", b"new"), ("sync folder", b"new")]


def test_a_process_killed_midway_leaves_the_earlier_file(earlier: Path) -> None:
    code = """
        import sys, time
        from pellucid.files import write_file
        def parts():
            yield bytes(100_000)
            print("half", flush=True)
            time.sleep(60)
        write_file(sys.argv[1], parts())
    """
    with run_python(code, str(earlier)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.kill()
    assert earlier.read_bytes() == OLD


def test_writers_and_readers_at_once_never_see_a_mixture(earlier: Path) -> None:
    contents = {bytes([65 + writer]) * (50_000 + writer) for writer in range(6)}
    mixtures: list[bytes] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen = earlier.read_bytes()
            if seen not in contents | {OLD}:
                mixtures.append(seen[:10])

    def write(content: bytes) -> None:
        for _ in range(10):
            write_file(earlier, content)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=[content]) for content in contents]
    reader.start()
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert mixtures == []
    assert earlier.read_bytes() in contents
    assert [entry.name for entry in earlier.parent.iterdir()] == [earlier.name]


# ----------------------------------------------------------------- the earlier file lives on


def test_the_earlier_file_lives_on_under_another_name(earlier: Path) -> None:
    kept = earlier.with_name("kept.bin")
    for new, before in ((b"1", OLD), (b"2", b"1"), (b"3", b"2")):
        write_file(earlier, new, keep=kept)
        assert (earlier.read_bytes(), kept.read_bytes()) == (new, before)
    assert {entry.name for entry in earlier.parent.iterdir()} == {earlier.name, kept.name}


def test_both_names_of_one_file(earlier: Path) -> None:
    """As a process leaves them that was killed between the two renames."""
    kept = earlier.with_name("kept.bin")
    kept.hardlink_to(earlier)
    write_file(earlier, b"new", keep=kept)
    assert (earlier.read_bytes(), kept.read_bytes()) == (b"new", OLD)
    assert {entry.name for entry in earlier.parent.iterdir()} == {earlier.name, kept.name}


def test_nothing_to_keep(tmp_path: Path) -> None:
    write_file(tmp_path / "a", b"new", keep=tmp_path / "b")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


def test_what_comes_before_comes_when_the_content_is_safe(earlier: Path) -> None:
    seen: list[tuple[bytes, list[bytes]]] = []

    def before() -> None:
        others = [path for path in earlier.parent.iterdir() if path != earlier]
        seen.append((earlier.read_bytes(), [path.read_bytes() for path in others]))

    write_file(earlier, b"new", before=before)
    assert seen == [(OLD, [b"new"])]
    assert earlier.read_bytes() == b"new"

    def refuse() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_file(earlier, b"newer", before=refuse)
    assert earlier.read_bytes() == b"new"
    assert [entry.name for entry in earlier.parent.iterdir()] == [earlier.name]
