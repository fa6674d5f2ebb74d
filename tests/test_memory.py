"""Memory that is available, on machines made of files; what does not fit is refused beforehand."""

from __future__ import annotations

import os
import tracemalloc
from concurrent import futures
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid import memory
from pellucid.data import load
from pellucid.data.cache import helpers
from pellucid.data.check import inspect
from pellucid.data.dataset import Dataset
from pellucid.engines import get_engine
from pellucid.errors import DataError, NotEnoughMemoryError
from pellucid.graph import Network, initial_weights
from pellucid.layers import Conv2D, Dense, Flatten, Sequential
from pellucid.memory import available_memory, check_memory
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD
from tests.data.made_files import noise, picture_folder
from tests.learning import Learning, step_of
from tests.test_cores import write

if TYPE_CHECKING:
    from pathlib import Path

MEMINFO = {"proc/meminfo": "MemTotal:  9000 kB\nMemFree:  10 kB\nMemAvailable:    5000 kB\n"}
V2 = {"proc/self/cgroup": "0::/a/b\n"}
V1 = {"proc/self/cgroup": "9:cpu:/x\n5:memory:/m\n0::/\n"}
A, B, M = "sys/fs/cgroup/a", "sys/fs/cgroup/a/b", "sys/fs/cgroup/memory/m"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        (MEMINFO, 5_120_000),
        ({"proc/meminfo": "MemAvailable: many kB"}, None),
        (MEMINFO | V2, 5_120_000),
        (MEMINFO | V2 | {f"{B}/memory.max": "max", f"{B}/memory.current": "5"}, 5_120_000),
        (MEMINFO | V2 | {f"{B}/memory.max": "3000", f"{B}/memory.current": "1000"}, 2000),
        (
            MEMINFO
            | V2
            | {f"{B}/memory.max": "3000", f"{B}/memory.current": "1000"}
            | {f"{B}/memory.stat": "anon 300\ninactive_file 600\nactive_file 100\nodd\n"},
            2700,
        ),
        (
            V2
            | {f"{B}/memory.max": "3000", f"{B}/memory.current": "1000"}
            | {f"{A}/memory.max": "1500", f"{A}/memory.current": "1400"},
            100,
        ),
        (V2 | {f"{B}/memory.max": "3000", f"{B}/memory.current": "9000"}, 0),
        (
            V1
            | {f"{M}/memory.limit_in_bytes": "4000", f"{M}/memory.usage_in_bytes": "1500"}
            | {f"{M}/memory.stat": "inactive_file 1\ntotal_inactive_file 500\n"},
            3000,
        ),
    ],
)
def test_available(tmp_path: Path, files: dict[str, str], expected: int | None) -> None:
    assert available_memory(write(tmp_path, files)) == expected


def test_what_needs_more_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path, MEMINFO)
    check_memory(10**7, "pictures", "take fewer", root)  # so little is not worth a look
    monkeypatch.setattr(memory, "SMALL", 0)
    check_memory(5_120_000, "pictures", "take fewer", root)
    with pytest.raises(NotEnoughMemoryError) as raised:
        check_memory(10**7, "pictures", "take fewer", root)
    assert str(raised.value) == (
        "pictures need 0.01 GB of memory, and 0.00512 GB are available; take fewer"
    )


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> int:
    """A machine on which 100 000 bytes are available."""
    monkeypatch.setattr(memory, "SMALL", 0)
    monkeypatch.setattr(memory, "available_memory", lambda root: 100_000)
    return 100_000


@pytest.mark.parametrize("cached", [False, True])
def test_pictures(tmp_path: Path, little: int, cached: bool) -> None:
    """240 pictures of 4096×4096 would take 12.1 GB: it is said before one is decoded."""
    root = picture_folder(tmp_path / "pets", {"cat": 140, "dog": 100}, shape=(6, 5, 3))
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    tracemalloc.start()
    with pytest.raises(
        DataError, match=r"240 pictures of 4096×4096×3 .* need 12.1 GB .*--image-size"
    ):
        load(root, image_size=(4096, 4096), cache=blocked if cached else False)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * 10**6  # one of them would take 50 million
    assert len(load(root, image_size=(8, 8), cache=False).train) == 192


def test_copies_of_arrays(little: int) -> None:
    images, labels = noise(0, 1000, 12, 12)[..., np.newaxis], np.arange(1000) % 2
    data = Dataset(images, labels, ("a", "b"))
    assert len(data.subset(range(500))) == 500
    with pytest.raises(NotEnoughMemoryError, match="copies of 900 pictures need"):
        data.subset(range(900))


def test_training(little: int) -> None:
    graph = Sequential([Conv2D(8, 3), Flatten(), Dense(2)]).graph((12, 12, 1))
    net, learning = Network(graph, initial_weights(graph, 0)), Learning(CrossEntropy(), SGD())
    program = get_engine("native").load(net, step_of(net, learning))
    with pytest.raises(NotEnoughMemoryError, match=r"values, gradients .*--batch-size"):
        program.train_step(np.zeros((5, 12, 12, 1), np.uint8), np.zeros(5, np.int64), 0.1)


@pytest.mark.parametrize("how", ["variable", "affinity"])
def test_everything_that_decodes_obeys_the_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """One thread by ``PELLUCID_THREADS`` or by affinity: no pool has two, no helper starts."""
    root = picture_folder(tmp_path / "pets", {"cat": 60, "dog": 60}, shape=(6, 5, 3))
    made: Any = futures.ThreadPoolExecutor.__init__
    threads: list[object] = []

    def begin(self: Any, count: object = None, **more: Any) -> None:
        threads.append(count)
        made(self, count, **more)

    monkeypatch.setattr(futures.ThreadPoolExecutor, "__init__", begin)
    monkeypatch.setattr(helpers, "PICTURES_EACH", 10)
    monkeypatch.setattr(helpers, "_started", lambda: pytest.fail("a helper was started"))
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    if how == "variable":
        monkeypatch.setenv("PELLUCID_THREADS", "1")
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    else:
        monkeypatch.delenv("PELLUCID_THREADS", raising=False)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {5}, raising=False)
    load(root, cache=False)
    load(root, cache=tmp_path / "cache")
    inspect(root)
    assert set(threads) == {1}
    assert len(threads) >= 3
