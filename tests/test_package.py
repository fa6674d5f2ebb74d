"""What importing the package costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import pellucid

HEAVY = ("PIL", "rich", "typer", "matplotlib", "torch", "safetensors", "numpy")


def loaded_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.splitlines()}


def test_import_is_light() -> None:
    assert not loaded_after("import pellucid") & set(HEAVY)


def test_classifier_needs_no_terminal_and_no_torch() -> None:
    heavy = {"rich", "typer", "matplotlib", "torch"}
    assert not loaded_after("import pellucid; pellucid.ImageClassifier()") & heavy


def test_public_names_are_there() -> None:
    for name in pellucid.__all__:
        assert getattr(pellucid, name) is not None
    assert set(pellucid.__all__) <= set(dir(pellucid))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pellucid.nothing
