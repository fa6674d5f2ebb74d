"""One model file for all tests of services."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pellucid.files import save_model
from tests.cli.conftest import pellucid
from tests.files.models import model

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["model_file", "pellucid"]


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model for pictures of 6×5, of three classes, not all of whose names are English."""
    path = tmp_path_factory.mktemp("serving") / "pets.safetensors"
    save_model(path, model())
    return path
