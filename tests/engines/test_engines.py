"""Finding engines by name, and the same bits from run to run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pellucid.engines import DEFAULT, ENGINES, get_engine
from pellucid.errors import ArgumentError
from tests.engines.run_to_run import digest

ROOT = Path(__file__).parents[2]


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with one thread, finding the same packages as here."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        check=False,
    )


@pytest.mark.parametrize("name", ENGINES)
def test_by_name(name: str) -> None:
    assert get_engine(name).name == name


def test_the_default() -> None:
    assert get_engine().name == DEFAULT


def test_an_unknown_name() -> None:
    names = ", ".join(ENGINES)
    with pytest.raises(ArgumentError, match=f"unknown engine 'abacus'; there are {names}$"):
        get_engine("abacus")


def test_an_option_that_it_does_not_take() -> None:
    with pytest.raises(ArgumentError, match=r"'reference' has no option 'device'; it takes none$"):
        get_engine("reference:cuda")
    with pytest.raises(ArgumentError, match=r"'torch' has no option 'colour'; it takes .*device"):
        get_engine("torch", colour="blue")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_bits_again(engine: str) -> None:
    assert digest(engine) == digest(engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_bits_in_another_process(engine: str) -> None:
    """As in this one, whose threads are as many: see ``conftest.py``."""
    done = python("-m", "tests.engines.run_to_run", engine)
    assert done.returncode == 0, done.stderr
    assert done.stdout == digest(engine)


def test_other_engines_load_no_torch() -> None:
    code = (
        "import sys; from pellucid.engines import get_engine; get_engine('reference'); "
        "sys.exit('torch' in sys.modules)"
    )
    assert python("-c", code).returncode == 0


def test_without_torch() -> None:
    code = "import sys; sys.modules['torch'] = None; from pellucid.engines import get_engine; "
    done = python("-c", f"{code} get_engine('torch')")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "pellucid.errors.MissingDependencyError: the torch engine needs PyTorch, which is not "
        "installed; install it with: pip install torch"
    )


def test_a_broken_torch_is_not_called_missing() -> None:
    code = "import sys; sys.modules['torch.backends'] = None; import pellucid.engines.torch"
    done = python("-c", code)
    assert done.returncode == 1
    assert "torch.backends" in done.stderr.splitlines()[-1]
    assert "MissingDependencyError" not in done.stderr
