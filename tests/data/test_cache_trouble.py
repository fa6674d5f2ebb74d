"""Whatever becomes of the cache, the pictures are right."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pellucid.data import Preprocessing, load
from pellucid.data.cache import PictureCache, file_index, open_picture_cache, picture_cache
from pellucid.data.cache.cache_file import MAGIC, PIXELS_AT
from tests.data.made_files import encoded, noise, picture_folder, write

if TYPE_CHECKING:
    from pellucid.data import Splits

SEED = 5


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    root = picture_folder(tmp_path / "pets", {"cat": 40, "dog": 40})
    write(root / "cat" / "cut.png", encoded(noise(0, 6, 5))[:-40])
    return root


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def prints(splits: Splits) -> list[object]:
    parts = [part for part in (splits.train, splits.validation, splits.test) if part is not None]
    return [splits.quarantined, *((part.fingerprint(), part.names) for part in parts)]


def the_entry(cache: Path) -> Path:
    (path,) = cache.glob("*.pictures")
    return path


def the_note(splits: Splits) -> str:
    (note,) = (note for note in splits.notes if "not kept" in note)
    return note.removeprefix("decoded pictures are not kept: ")


def places(size: int) -> list[int]:
    """Where a file is damaged: the header's parts, pixels, the index, and some more."""
    pixels = 80 * 30
    generator = random.Random(SEED)
    header = [0, len(MAGIC), len(MAGIC) + 32, len(MAGIC) + 40, len(MAGIC) + 48, len(MAGIC) + 79]
    known = [*header, PIXELS_AT, PIXELS_AT + pixels - 1, PIXELS_AT + pixels, size - 1]
    return [*known, *generator.sample(range(PIXELS_AT, size), 10)]


def test_damaged_at_any_byte(pictures: Path, cache: Path) -> None:
    expected = prints(load(pictures, cache=cache))
    whole = the_entry(cache).read_bytes()
    for place in places(len(whole)):
        spoilt = bytearray(whole)
        spoilt[place] ^= 1 << place % 8
        the_entry(cache).write_bytes(spoilt)
        assert prints(load(pictures, cache=cache)) == expected, place
        assert the_entry(cache).read_bytes() == whole, place


def test_cut_short_or_too_long(pictures: Path, cache: Path) -> None:
    expected = prints(load(pictures, cache=cache))
    whole = the_entry(cache).read_bytes()
    for size in (0, 1, len(MAGIC), 100, PIXELS_AT, PIXELS_AT + 99, len(whole) - 1):
        the_entry(cache).write_bytes(whole[:size])
        assert prints(load(pictures, cache=cache)) == expected, size
        assert the_entry(cache).read_bytes() == whole, size
    the_entry(cache).write_bytes(whole + b"\0")
    assert prints(load(pictures, cache=cache)) == expected
    assert the_entry(cache).read_bytes() == whole


def test_an_entry_under_another_name(pictures: Path, cache: Path) -> None:
    load(pictures, cache=cache)
    first = the_entry(cache)
    expected = prints(load(pictures, image_size=(5, 6), cache=False))
    load(pictures, image_size=(5, 6), cache=cache)
    (second,) = (path for path in cache.glob("*.pictures") if path != first)
    shutil.copy(first, second)
    assert prints(load(pictures, image_size=(5, 6), cache=cache)) == expected


@pytest.mark.parametrize("place", [0, 30, 60, -1, None])
def test_what_is_known_of_files_is_damaged(
    pictures: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, place: int | None
) -> None:

    monkeypatch.setattr(file_index, "STEADY", -(10**12))
    expected = prints(load(pictures, cache=cache))
    (file,) = cache.glob("*.known")
    spoilt = bytearray(file.read_bytes())
    if place is None:
        spoilt = spoilt[:-5]
    else:
        spoilt[place] ^= 4
    file.write_bytes(spoilt)
    assert prints(load(pictures, cache=cache)) == expected


@pytest.mark.parametrize("what", ["link", "folder", "others may write"])
def test_what_is_not_safe_is_not_read(
    pictures: Path, cache: Path, tmp_path: Path, what: str
) -> None:
    expected = prints(load(pictures, cache=cache))
    path = the_entry(cache)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    if what == "link":
        path.symlink_to(elsewhere)
    elif what == "folder":
        path.mkdir()
    elif hasattr(os, "geteuid"):
        shutil.copy(elsewhere, path)
        path.chmod(0o666)
    assert prints(load(pictures, cache=cache)) == expected
    if what != "folder":
        assert not path.is_symlink()
        assert path.stat().st_mode & 0o022 == 0


def test_no_folder(pictures: Path, tmp_path: Path) -> None:
    write(tmp_path / "file", b"")
    splits = load(pictures, cache=tmp_path / "file" / "cache")
    assert prints(splits) == prints(load(pictures, cache=False))
    assert the_note(splits).startswith(f"{tmp_path / 'file' / 'cache'} cannot be used: ")


def test_a_folder_that_others_can_write(pictures: Path, cache: Path) -> None:
    if not hasattr(os, "geteuid"):
        return
    cache.mkdir()
    cache.chmod(0o777)
    splits = load(pictures, cache=cache)
    assert the_note(splits) == (
        f"{cache} can be written by others; name another folder in PELLUCID_CACHE"
    )
    assert list(cache.iterdir()) == []


class _Full:
    """A disk on which nothing more fits after some bytes."""

    def __init__(self, file: Any, left: int) -> None:
        self._file, self._left = file, left

    def __enter__(self) -> _Full:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, part: Any) -> int:
        self._left -= len(memoryview(part).cast("B")) if len(part) else 0
        if self._left < 0:
            raise OSError(28, "No space left on device")
        return int(self._file.write(part))


@pytest.mark.parametrize("left", [0, PIXELS_AT, PIXELS_AT + 1000])
def test_the_disk_is_full(
    pictures: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    opened = os.fdopen

    def full(descriptor: int, mode: str) -> Any:
        file = opened(descriptor, mode)
        return _Full(file, left) if mode == "wb" else file

    monkeypatch.setattr(os, "fdopen", full)
    splits = load(pictures, cache=cache)
    assert prints(splits) == prints(load(pictures, cache=False))
    assert the_note(splits) == f"{cache} cannot be written in: No space left on device"
    assert list(cache.glob("*.pictures")) == []
    assert list(cache.glob("*.unfinished")) == []


def test_little_room_on_the_disk(
    pictures: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_cache, "SPARE", 1 << 60)
    splits = load(pictures, cache=cache)
    assert the_note(splits).startswith("they need 0.0 GB, and ")
    assert the_note(splits).endswith("name a folder on another disk in PELLUCID_CACHE")
    assert list(cache.glob("*.pictures")) == []


def test_a_read_only_folder_that_has_them(
    pictures: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests may run as a user who may write anywhere: so the system's answer is played."""
    expected = load(pictures, cache=cache)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    opened = os.open

    def read_only(path: Any, flags: int, *mode: int) -> int:
        if flags & os.O_CREAT:
            refused()
        return opened(path, flags, *mode)

    monkeypatch.setattr(os, "open", read_only)
    monkeypatch.setattr(os, "utime", refused)
    monkeypatch.setattr(Path, "unlink", refused)
    splits = load(pictures, cache=cache)
    assert splits.notes == expected.notes
    assert not splits.train.images.flags.owndata
    other = load(pictures, image_size=(4, 4), cache=cache)
    assert prints(other) == prints(load(pictures, image_size=(4, 4), cache=False))
    assert the_note(other) == f"{cache} cannot be written in: Permission denied"


def test_what_was_used_longest_ago_goes(
    pictures: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = PIXELS_AT + 81 * 300
    found: list[Path] = []
    for side in (10, 9, 8):
        monkeypatch.setattr(picture_cache.PictureCache.__init__, "__kwdefaults__", {
            "limit": 3 * limit, "threads": None,
        })  # fmt: skip
        load(pictures, image_size=(side, side), cache=cache)
        (new,) = set(cache.glob("*.pictures")) - set(found)
        found.append(new)
    now = time.time()
    for age, path in zip((100, 300, 200), found, strict=True):
        os.utime(path, (now - age, now - age))
    abandoned = write(cache / "aa.unfinished", b"x")
    os.utime(abandoned, (now - 4000, now - 4000))
    recent = write(cache / "bb.unfinished", b"x")
    limit = sum(path.stat().st_size for path in cache.iterdir())
    monkeypatch.setattr(
        picture_cache.PictureCache.__init__, "__kwdefaults__", {"limit": limit, "threads": None}
    )
    load(pictures, image_size=(7, 7), cache=cache)
    assert [path.exists() for path in found] == [True, False, True]
    assert not abandoned.exists()
    assert recent.exists()
    load(pictures, image_size=(8, 8), cache=cache)  # used now
    assert found[2].stat().st_mtime > now - 100


def test_too_large_to_be_kept(pictures: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        picture_cache.PictureCache.__init__, "__kwdefaults__", {"limit": 5000, "threads": None}
    )
    splits = load(pictures, cache=cache)
    assert the_note(splits) == "they need 0.0 GB, at most 0.0 are kept"
    assert prints(splits) == prints(load(pictures, cache=False))


def test_no_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import platformdirs

    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: Path("~/.cache"))
    found, reason = open_picture_cache(True, tmp_path, {})
    assert found is None
    assert reason.startswith("this user has no home folder")
    assert open_picture_cache(True, tmp_path, {"PELLUCID_CACHE": "off"}) == (None, "")
    kept, _ = open_picture_cache(True, tmp_path, {"PELLUCID_CACHE": str(tmp_path / "there")})
    assert isinstance(kept, PictureCache)


SCRIPT = """
import sys
from pathlib import Path
from pellucid.data import Preprocessing, load
root, cache, wait = sys.argv[1:]
read = Preprocessing.read
def slow(self, source, **settings):
    if Path(source).name == wait:
        print("there\\n", end="", flush=True)  # in one piece: another thread may say so, too
        sys.stdin.readline()
    return read(self, source, **settings)
Preprocessing.read = slow
splits = load(root, cache=cache)
print(splits.train.fingerprint(), len(splits.quarantined), splits.train.images.flags.writeable)
"""


def started(root: Path, cache: Path, wait: str) -> subprocess.Popen[str]:
    """A process that loads pictures, and waits at one of them for a line."""
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(root), str(cache), wait],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_at_once(pictures: Path, cache: Path) -> None:
    expected = load(pictures, cache=False)
    both = [started(pictures, cache, "039.png") for _ in range(2)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
    assert len(list(cache.glob("*.unfinished"))) == 2
    printed = [process.communicate("\n\n")[0].splitlines()[-1] for process in both]
    assert printed == [f"{expected.train.fingerprint()} 1 False"] * 2
    assert prints(load(pictures, cache=cache)) == prints(expected)
    assert list(cache.glob("*.unfinished")) == []


def test_killed_while_building(pictures: Path, cache: Path) -> None:
    process = started(pictures, cache, "039.png")
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    process.communicate()
    assert list(cache.glob("*.pictures")) == []
    assert len(list(cache.glob("*.unfinished"))) == 1
    assert prints(load(pictures, cache=cache)) == prints(load(pictures, cache=False))
    assert the_entry(cache).exists()


def test_interrupted_while_building(
    pictures: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Preprocessing, "read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            load(pictures, cache=cache)
    assert [path.name for path in cache.iterdir()] == ["CACHEDIR.TAG"]
    assert prints(load(pictures, cache=cache)) == prints(load(pictures, cache=False))
