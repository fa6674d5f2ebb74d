"""What a model may be given as: a name, a file, a folder; and what is said where there is none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pellucid as pl
from pellucid import ImageClassifier
from pellucid.data import Preprocessing
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, DataError, FileFormatError
from pellucid.files import Model, save_model
from pellucid.graph import Network, initial_weights
from pellucid.interop import models
from pellucid.interop.models import find_model, name_remark, network_name, place_of
from pellucid.layers import Dense, Flatten, Sequential

if TYPE_CHECKING:
    from pellucid.engines import Engine

NAME = "efficientnet-lite0"


def made() -> Model:
    graph = Sequential([Flatten(), Dense(2)]).graph((3, 4, 1))
    network = Network(graph, initial_weights(graph, 0))
    return Model(network, ("a", "b"), Preprocessing(3, 4, 1))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a model; and a stand-in for the trained weights, which cost time."""
    monkeypatch.chdir(tmp_path)
    save_model("model.safetensors", made())

    def stand_in(name: str, *, engine: Engine | None = None) -> Model:
        model = made()
        model.provenance["name"] = name
        return model

    monkeypatch.setattr(models, "pretrained_model", stand_in)


def named(given: str | os.PathLike[str]) -> object:
    model = find_model(given, engine=get_engine("reference"))
    return model.provenance.get("name")


@pytest.mark.parametrize("given", [NAME, "EfficientNet_Lite0", "efficientnetlite0"])
def test_a_name_in_any_spelling(given: str) -> None:
    assert network_name(given) == NAME == named(given)
    assert place_of(given) is None
    assert name_remark(given) == ""


def test_a_file_and_a_folder() -> None:
    Path("run").mkdir()
    save_model("run/model.safetensors", made())
    for given in ("model.safetensors", Path("model.safetensors"), "run", Path("run"), "run/"):
        assert named(given) is None
        assert place_of(given) == Path(given)
        assert name_remark(given) == ""


def test_of_a_name_and_a_file_the_name_is_meant_and_the_file_is_mentioned() -> None:
    save_model(NAME, made())
    assert named(NAME) == NAME
    assert f".{os.sep}{NAME}" in name_remark(NAME)
    for given in (f"./{NAME}", Path(NAME), str(Path(NAME).absolute())):
        assert named(given) is None
        assert name_remark(given) == ""
    save_model("EfficientNet-Lite0", made())  # only the name as it is written goes before files
    assert named("EfficientNet-Lite0") is None


def test_what_is_neither() -> None:
    for given, also in (
        ("efficientnet-lite9", NAME),
        ("resnet50", "resnet50 is an architecture without weights"),
        ("no\nwhere", NAME),
        ("", NAME),
    ):
        with pytest.raises(DataError, match="there is no such file") as caught:
            find_model(given)
        assert also in str(caught.value)
        assert "\n" not in str(caught.value)
    for path in ("folder/file", "file.safetensors", Path(NAME)):
        with pytest.raises(DataError) as caught:
            find_model(path)
        assert "trained weights" not in str(caught.value)
    Path("empty").mkdir()
    with pytest.raises(DataError, match=r"holds no model\.safetensors"):
        find_model("empty")
    Path("text").write_text("text")
    with pytest.raises(FileFormatError):
        find_model("text")


def test_loaded_by_name() -> None:
    assert pl.load(NAME).classes_.tolist() == ["a", "b"]
    assert pl.ImageClassifier.load(NAME).model_.provenance["name"] == NAME


@pytest.mark.parametrize("given", [5, None, b"model.safetensors", made()], ids=str)
def test_what_is_neither_a_text_nor_a_path(given: Any) -> None:
    with pytest.raises(ArgumentError, match="model"):
        find_model(given)
    if given is not None:
        for wrong in (ImageClassifier(pretrained=given), ImageClassifier(start_from=given)):
            with pytest.raises(ArgumentError, match=r"pretrained|start_from"):
                wrong.fit(np.zeros((4, 8, 8, 3), np.uint8), [0, 1, 0, 1])
