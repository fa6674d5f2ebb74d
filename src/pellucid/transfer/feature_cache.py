"""Features that were computed once, kept on disk beside decoded pictures.

One SQLite database holds a row for each picture and body: a key of 32 bytes (see
:func:`feature_keys`), the features as float32, and their CRC-32. SQLite brings what a file that
several processes write needs: transactions, locks, and a file that survives a crash. A row that is
damaged counts as missing and is made again; a database that is damaged is removed and begun again.
What was used longest ago goes when there is too much. Nothing here fails: where nothing can be
kept, features are computed again in the next run.
"""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.user_cache import is_safe, made_safe, user_cache

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.cache import CacheSetting

LIMIT = 2 << 30
"""Bytes of features that are kept; beyond that, what was used longest ago goes."""

FILE = "features.sqlite"

_DAY = 86_400
_WAIT = 20.0  # seconds for another process's transaction
_AT_ONCE = 500  # keys in one question; SQLite takes 999 at least

_TABLE = """
create table if not exists features (
    key blob primary key, value blob not null, crc integer not null, used integer not null
) without rowid
"""


class FeatureCache:
    """The database; any number of processes may use it at once.

    Args:
        path: Its file; made if it is not there.
        limit: Bytes of features that may be kept.
    """

    def __init__(self, path: Path, *, limit: int = LIMIT) -> None:
        self._path = path
        self._limit = limit

    def read(self, keys: Sequence[bytes], length: int) -> dict[bytes, NDArray[np.float32]]:
        """The features that are kept, float32 (D,) each, by their keys.

        Args:
            keys: Of pictures and a body.
            length: D; what has another length is damaged.
        """
        found: dict[bytes, NDArray[np.float32]] = {}
        if not self._path.exists() or not self._is_safe():
            return found
        today = int(time.time()) // _DAY
        try:
            with closing(self._connected()) as connection, connection:
                old = []
                for first in range(0, len(keys), _AT_ONCE):
                    some = keys[first : first + _AT_ONCE]
                    places = ",".join("?" * len(some))
                    rows = connection.execute(
                        f"select key, value, crc, used from features where key in ({places})",  # noqa: S608 - question marks
                        some,
                    )
                    for key, value, crc, used in rows:
                        if len(value) == 4 * length and zlib.crc32(value) == crc:
                            found[key] = np.frombuffer(value, "<f4").astype(np.float32)
                            if used != today:
                                old.append((today, key))
                connection.executemany("update features set used = ? where key = ?", old)
        except sqlite3.OperationalError:  # locked for long, or a disk that cannot be written
            return found
        except (sqlite3.DatabaseError, TypeError, ValueError, OverflowError):
            self._remove()
            return {}
        return found

    def write(self, features: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Keep features, float32 (D,) each, by their keys; silent where that cannot be done."""
        if not features or (self._path.exists() and not self._is_safe()):
            return
        today = int(time.time()) // _DAY
        rows = [
            (key, blob, zlib.crc32(blob), today)
            for key, blob in ((k, np.asarray(v, "<f4").tobytes()) for k, v in features.items())
        ]
        for _ in range(2):  # a second time where the first finds a damaged database
            try:
                self._insert(rows)
            except sqlite3.OperationalError:
                return
            except sqlite3.DatabaseError:
                self._remove()
            else:
                return

    def _insert(self, rows: Iterable[tuple[bytes, bytes, int, int]]) -> None:
        if not self._path.exists():
            with suppress(OSError):  # nobody else may read or write it
                os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(self._connected()) as connection:
            with connection:
                connection.execute(_TABLE)
                connection.executemany("insert or replace into features values (?, ?, ?, ?)", rows)
            self._trim(connection)

    def _trim(self, connection: sqlite3.Connection) -> None:
        """Remove what was used longest ago until a tenth of the room is free."""
        (size,) = connection.execute("pragma page_count").fetchone()
        (free,) = connection.execute("pragma freelist_count").fetchone()
        (page,) = connection.execute("pragma page_size").fetchone()
        if (size - free) * page <= self._limit:
            return
        (count,) = connection.execute("select count(*) from features").fetchone()
        kept = int(count * 0.9 * self._limit / ((size - free) * page))
        with connection:
            connection.execute(
                "delete from features where key in "
                "(select key from features order by used, key limit ?)",
                (count - kept,),
            )
        connection.execute("vacuum")

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_WAIT)

    def _is_safe(self) -> bool:
        with suppress(OSError):
            return is_safe(os.lstat(self._path))
        return False

    def _remove(self) -> None:
        for end in ("", "-journal"):
            with suppress(OSError):
                Path(f"{self._path}{end}").unlink()


def open_feature_cache(setting: CacheSetting) -> FeatureCache | None:
    """The cache of features; none where none is wanted, or where it cannot be.

    Args:
        setting: True for the folder ``features`` in the user's cache, False for none, or the path
            of another folder, which is made.
    """
    if setting is False:
        return None
    if setting is True:
        above, _ = user_cache()
        folder = None if above is None else above / "features"
    else:
        folder = Path(setting).expanduser().absolute()
    if folder is None or made_safe(folder):
        return None
    return FeatureCache(folder / FILE)
