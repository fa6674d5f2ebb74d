"""The code cache: what was kept comes back whole, and nothing else is ever loaded."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from pellucid.engines.native.runtime.host.cache import LIMIT, MAGIC, CodeCache, code_cache
from pellucid.user_cache import TAG

if TYPE_CHECKING:
    from pathlib import Path

KEY, OTHER = "a" * 64, "b" * 64
CODE = bytes(range(256)) * 40

posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no such permissions")


@pytest.fixture
def cache(tmp_path: Path) -> CodeCache:
    return code_cache({"PELLUCID_CACHE": str(tmp_path / "cache")})


def code_files(cache: CodeCache) -> list[Path]:
    """What lies in the cache, but for the file that marks its folder as one."""
    assert cache.folder is not None
    return [path for path in cache.folder.iterdir() if path.name != TAG]


def the_file(cache: CodeCache) -> Path:
    (path,) = code_files(cache)
    return path


def test_kept_and_found(cache: CodeCache) -> None:
    assert cache.get(KEY) is None
    cache.put(KEY, CODE)
    assert cache.get(KEY) == CODE
    assert cache.get(OTHER) is None
    cache.put(KEY, b"another")
    assert cache.get(KEY) == b"another"


@posix
def test_nobody_else_may_read_or_write(cache: CodeCache) -> None:
    cache.put(KEY, CODE)
    assert cache.folder is not None
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(the_file(cache).stat().st_mode) == 0o600


@pytest.mark.parametrize("size", [0, 1, len(MAGIC), len(MAGIC) + 20, len(MAGIC) + 32, 5000])
def test_cut_short(cache: CodeCache, size: int) -> None:
    cache.put(KEY, CODE)
    path = the_file(cache)
    path.write_bytes(path.read_bytes()[:size])
    assert cache.get(KEY) is None
    assert not path.exists()


@pytest.mark.parametrize("place", [0, len(MAGIC), len(MAGIC) + 31, len(MAGIC) + 32, -1])
def test_a_flipped_bit(cache: CodeCache, place: int) -> None:
    cache.put(KEY, CODE)
    path = the_file(cache)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert cache.get(KEY) is None
    cache.put(KEY, CODE)
    assert cache.get(KEY) == CODE


def test_something_appended(cache: CodeCache) -> None:
    cache.put(KEY, CODE)
    with the_file(cache).open("ab") as file:
        file.write(b"\0")
    assert cache.get(KEY) is None


def test_the_code_of_another_key(cache: CodeCache) -> None:
    cache.put(KEY, CODE)
    path = the_file(cache)
    path.rename(path.with_name(path.name.replace(KEY, OTHER)))
    assert cache.get(OTHER) is None


@posix
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write(cache: CodeCache, mode: int) -> None:
    cache.put(KEY, CODE)
    the_file(cache).chmod(mode)
    assert cache.get(KEY) is None


@posix
def test_a_file_of_another_user(cache: CodeCache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.put(KEY, CODE)
    monkeypatch.setattr(os, "geteuid", lambda: the_file(cache).stat().st_uid + 1)
    assert cache.get(KEY) is None


@posix
def test_no_link_is_followed(cache: CodeCache, tmp_path: Path) -> None:
    cache.put(KEY, CODE)
    path = the_file(cache)
    elsewhere = path.rename(tmp_path / "elsewhere")
    path.symlink_to(elsewhere)
    assert cache.get(KEY) is None


@posix
def test_no_plain_file(cache: CodeCache) -> None:
    cache.put(KEY, CODE)
    path = the_file(cache)
    path.unlink()
    os.mkfifo(path, 0o600)  # opening it would wait for a writer
    assert cache.get(KEY) is None
    path.mkdir()
    assert cache.get(KEY) is None
    cache.put(KEY, CODE)
    assert cache.get(KEY) is None


@posix
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_that_others_may_write(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    cache = code_cache({"PELLUCID_CACHE": str(tmp_path)})
    assert cache.folder is None
    assert cache.reason == (
        f"{tmp_path} can be written by others; name another folder in PELLUCID_CACHE"
    )
    cache.put(KEY, CODE)
    assert cache.get(KEY) is None
    assert not list(tmp_path.iterdir())


@posix
def test_a_folder_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    cache = code_cache({"PELLUCID_CACHE": str(tmp_path)})
    assert cache.folder is None
    assert "belongs to another user" in cache.reason


@pytest.mark.parametrize("name", ["file", "file/below", "zero\0byte"])
def test_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    cache = code_cache({"PELLUCID_CACHE": str(tmp_path / name)})
    assert cache.folder is None
    assert cache.reason.startswith(f"{tmp_path / name} cannot be used: ")
    assert "\n" not in cache.reason


def test_a_folder_that_is_gone(cache: CodeCache) -> None:
    assert cache.folder is not None
    shutil.rmtree(cache.folder)
    cache.put(KEY, CODE)
    assert cache.get(KEY) is None


def test_off() -> None:
    cache = code_cache({"PELLUCID_CACHE": "off"})
    assert (cache.folder, cache.reason) == (None, "PELLUCID_CACHE is off")
    cache.put(KEY, CODE)
    assert cache.get(KEY) is None


def test_the_systems_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    cache = code_cache({})
    assert cache.folder is not None
    assert cache.folder.is_relative_to(tmp_path)
    assert "pellucid" in cache.folder.parts
    assert cache.limit == LIMIT


def test_what_was_used_longest_ago_goes(cache: CodeCache) -> None:
    assert cache.folder is not None
    small = CodeCache(cache.folder, limit=3 * (len(CODE) + 100))
    keys = [digit * 64 for digit in "0123"]
    for age, key in enumerate(keys[:3]):
        small.put(key, CODE)
        path = next(path for path in cache.folder.iterdir() if key in path.name)
        os.utime(path, (1000 + age, 1000 + age))
    assert small.get(keys[0]) == CODE  # and so is the latest used
    small.put(keys[3], CODE)
    assert [small.get(key) is not None for key in keys] == [True, False, True, True]


def test_more_than_is_ever_kept(cache: CodeCache) -> None:
    small = CodeCache(cache.folder, limit=len(CODE))
    small.put(KEY, CODE)
    assert small.get(KEY) is None
    assert not code_files(cache)


def test_what_a_killed_writer_leaves(cache: CodeCache) -> None:
    assert cache.folder is not None
    old, young = (cache.folder / f"{name}.unfinished" for name in ("old", "young"))
    old.touch()
    young.touch()
    os.utime(old, (1000, 1000))
    cache.put(KEY, CODE)
    assert not old.exists()
    assert young.exists()


def test_the_whole_folder_is_not_looked_at_for_each_file(cache: CodeCache) -> None:
    assert cache.folder is not None
    large = CodeCache(cache.folder, limit=64 * (len(CODE) + 100))
    seen = []
    for k in range(12):
        old = cache.folder / "old.unfinished"
        old.touch()
        os.utime(old, (1000, 1000))
        large.put(f"{k:064x}", CODE)
        seen.append(not old.exists())
    assert seen[0]
    assert 2 <= sum(seen) <= 4


def test_many_at_once(cache: CodeCache) -> None:
    """A reader finds the code of one of the writers at work, whole."""
    codes = [bytes([number]) * (50_000 + number) for number in range(4)]
    cache.put(KEY, codes[0])

    def write(code: bytes) -> None:
        for _ in range(50):
            cache.put(KEY, code)

    writers = [threading.Thread(target=write, args=(code,)) for code in codes]
    for writer in writers:
        writer.start()
    found = []
    while any(writer.is_alive() for writer in writers):
        found.append(cache.get(KEY))
    assert found
    assert all(code in codes for code in found)
