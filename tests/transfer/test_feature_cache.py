"""The cache of features: found again, damaged, too large, shared."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.transfer.feature_cache import FeatureCache, open_feature_cache

if TYPE_CHECKING:
    from pathlib import Path

KEYS = [bytes([k]) * 32 for k in range(5)]
VALUES = {key: np.arange(3, dtype=np.float32) * k for k, key in enumerate(KEYS)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "features.sqlite"


def test_what_was_written_is_read(path: Path) -> None:
    assert FeatureCache(path).read(KEYS, 3) == {}
    FeatureCache(path).write(VALUES)
    found = FeatureCache(path).read([*KEYS[1:3], b"x" * 32], 3)
    assert sorted(found) == KEYS[1:3]
    np.testing.assert_array_equal(found[KEYS[2]], VALUES[KEYS[2]])
    assert path.stat().st_mode & 0o077 == 0


def test_a_damaged_row_is_missing(path: Path) -> None:
    cache = FeatureCache(path)
    cache.write(VALUES)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update features set value = ? where key = ?", (b"\0" * 12, KEYS[1]))
        connection.execute("update features set value = 'text' where key = ?", (KEYS[2],))
    assert sorted(cache.read(KEYS, 3)) == [KEYS[0], KEYS[3], KEYS[4]]
    assert cache.read(KEYS, 4) == {}  # of another length


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"\xff" * 3000])
def test_a_damaged_database_is_begun_again(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    cache = FeatureCache(path)
    assert cache.read(KEYS, 3) == {}
    cache.write(VALUES)
    assert len(cache.read(KEYS, 3)) == 5


def test_a_cut_database(path: Path) -> None:
    cache = FeatureCache(path)
    many = {bytes([k, j]) * 16: np.zeros(500, np.float32) for k in range(20) for j in range(5)}
    cache.write(many)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert len(cache.read(list(many), 500)) < 100
    cache.write(many)
    assert len(cache.read(list(many), 500)) == 100


def test_it_is_bounded_and_keeps_what_was_used_last(path: Path) -> None:
    cache = FeatureCache(path, limit=400_000)
    keys = [k.to_bytes(2, "big") * 16 for k in range(300)]
    value = np.zeros(500, np.float32)
    cache.write(dict.fromkeys(keys[:150], value))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update features set used = used - 9 where key < ?", (keys[100],))
    cache.write(dict.fromkeys(keys[150:], value))
    assert path.stat().st_size <= 400_000
    found = cache.read(keys, 500)
    assert 0 < len(found) < 200
    assert not any(key in found for key in keys[:100])


def test_a_file_of_others_is_not_read(path: Path) -> None:
    FeatureCache(path).write(VALUES)
    path.chmod(0o666)
    assert FeatureCache(path).read(KEYS, 3) == {}


def test_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_feature_cache(False) is None
    monkeypatch.setenv("PELLUCID_CACHE", "off")
    assert open_feature_cache(True) is None
    assert open_feature_cache(tmp_path / "own") is not None
