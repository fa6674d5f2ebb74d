"""What tests share: real little pictures, and a classifier that has learned them.

Libraries are imported by the fixtures that need them, so that a few light tests start at once.
"""

from __future__ import annotations

import gc
import os
import secrets
from typing import TYPE_CHECKING

import pytest

from tests import durations
from tests.code_level import choose_level

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pellucid import Dataset, ImageClassifier


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("pellucid")
    group.addoption("--fast", action="store_true", help="only tests that are quick")
    group.addoption(
        "--record-durations", action="store_true", help="write down what each test costs"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Choose this run's random graphs, before other processes of the run inherit the choice."""
    if config.getoption("--record-durations"):
        config.pluginmanager.register(durations.Durations())
    os.environ.setdefault("PELLUCID_FUZZ_SEED", str(secrets.randbelow(10**9)))


def pytest_report_header(config: pytest.Config) -> str:
    return _chosen()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the choice again where a test failed: ``--quiet`` leaves out the header."""
    if terminalreporter.stats.keys() & {"failed", "error"}:
        terminalreporter.write_line(_chosen())


def _chosen() -> str:
    return f"random graphs: PELLUCID_FUZZ_SEED={os.environ['PELLUCID_FUZZ_SEED']}"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage among thousands of tests, all of which are kept: it doubled the time.

    Afterwards look less often than Python does by itself: it took a seventh of the time of tests.
    """
    gc.disable()
    gc.set_threshold(10_000)
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--fast"):
        kept = durations.quick(items)
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept
    items[:] = durations.longest_first(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Choose how code is compiled, before fixtures compile any."""
    choose_level(item.path)


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_session(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[None]:
    """A cache of the run's own, for all its processes: the user's is left alone.

    It begins with the code that runs before have compiled, unless durations are recorded. What
    PyTorch's compiler makes lies under what it is made of too, with locks of its own.
    """
    from tests.kept_code import copy_code, trim

    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # each worker has a folder of its own within the run's
        folder = folder.parent
    cache, kept = folder / "cache", getattr(pytestconfig, "cache", None)
    compiled = folder / "torch"
    if kept is not None and not pytestconfig.getoption("--record-durations"):
        copy_code(kept.mkdir("code"), cache)
        compiled = kept.mkdir("torch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PELLUCID_CACHE", str(cache))
        patch.setenv("TORCHINDUCTOR_CACHE_DIR", str(compiled))
        # Else it compiles a file to see whether that succeeds: half of what a first step takes.
        patch.setenv("TORCHINDUCTOR_VEC_ISA_OK", "1")
        yield
    if kept is not None and cache.exists():
        copy_code(cache, kept.mkdir("code"))
        trim(kept.mkdir("code"))


@pytest.fixture(scope="session")
def digits() -> tuple[Dataset, Dataset]:
    """1 797 real handwritten digits of 8×8 pixels, for training and for testing."""
    import numpy as np
    from sklearn.datasets import load_digits

    from pellucid import Dataset
    from pellucid.data.split import split

    bunch = load_digits()
    images = np.clip(bunch.images * 16, 0, 255).astype(np.uint8)[..., None]
    names = tuple("0123456789")
    everything = Dataset(images, bunch.target.astype(np.int64), names, name="digits")
    train, test = split(everything, (0.75, 0.25), seed=0)
    return train, test


@pytest.fixture(scope="session")
def classifier(digits: tuple[Dataset, Dataset]) -> ImageClassifier:
    """The lecture's network after three epochs on them; not to be changed."""
    from pellucid import ImageClassifier

    return ImageClassifier("lecture", seed=0, epochs=3, batch_size=32).fit(digits[0])


@pytest.fixture(scope="session")
def model_path(classifier: ImageClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its model file; not to be changed."""
    path = tmp_path_factory.mktemp("model") / "digits.safetensors"
    classifier.save(path)
    return path
