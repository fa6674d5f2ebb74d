"""A network with a gate through everything: trained, opened, explained, changed, kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import ArgumentError
from pellucid.explain.story import story
from pellucid.explain.surgery import Mute, Remove, SwapPooling
from pellucid.layers import (
    ChannelShuffle,
    Conv2D,
    Dense,
    Gated,
    GlobalAveragePool,
    GlobalMaxPool,
    HardSigmoid,
    HardSwish,
    MaxPool,
    ReLU,
    Sequential,
    SiLU,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.dataset import Dataset

RATE = 0.05


def gated(classes: int) -> Sequential:
    gate = [GlobalAveragePool(), Dense(4), ReLU(), Dense(8), HardSigmoid()]
    return Sequential(
        [
            Conv2D(8, 3, padding="same"), SiLU(), Gated(gate, name="gate"), MaxPool(2),
            Conv2D(12, 3, groups=4), HardSwish(), ChannelShuffle(4), GlobalMaxPool(),
            Dense(classes),
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def trained(digits: tuple[Dataset, Dataset]) -> pl.ImageClassifier:
    return fitted(digits[0], "native")


def fitted(data: Dataset, engine: str) -> pl.ImageClassifier:
    made = pl.ImageClassifier(
        gated, epochs=1, batch_size=16, learning_rate=RATE, engine=engine, verbose=0
    )
    return made.fit(data.images[:64], data.labels[:64])


@pytest.mark.parametrize("engine", ["reference", "torch"])
def test_engines_train_it_alike(
    engine: str, trained: pl.ImageClassifier, digits: tuple[Dataset, Dataset]
) -> None:
    other = fitted(digits[0], engine)
    for name, weight in trained.model_.network.weights.items():
        np.testing.assert_allclose(
            other.model_.network.weights[name], weight, atol=2e-5, rtol=2e-4, err_msg=name
        )


def test_it_comes_back_from_its_file(
    trained: pl.ImageClassifier, digits: tuple[Dataset, Dataset], tmp_path: Path
) -> None:
    trained.save(tmp_path / "gated.safetensors")
    again = pl.load(tmp_path / "gated.safetensors")
    assert again.model_.network.graph == trained.model_.network.graph
    pictures = digits[1].images[:5]
    assert np.array_equal(again.predict_proba(pictures), trained.predict_proba(pictures))


def test_the_gate_opens(trained: pl.ImageClassifier, digits: tuple[Dataset, Dataset]) -> None:
    picture = digits[1].images[0]
    opened = trained.trace(picture).value("gate", (3, 5, 3))
    assert [opened.source(i) for i in range(2)] == [("silu1", (3, 5, 3)), ("hard_sigmoid1", (3,))]
    assert opened.terms.total == pytest.approx(opened.value, rel=1e-6)
    back = trained.backward(picture, digits[1].labels[0])
    for layer, at in (("silu1", (3, 5, 3)), ("hard_sigmoid1", (3,))):
        assert back.value(layer, at).relative_difference < 1e-5
    check = back.weight("dense1.kernel", (2, 1)).check
    assert check is not None
    assert check.difference == pytest.approx(0.0, abs=1e-7)
    printed = story(trained, picture)
    assert printed.path[-1][0] == printed.activations.logits


def test_methods_explain_or_decline(
    trained: pl.ImageClassifier, digits: tuple[Dataset, Dataset]
) -> None:
    picture = digits[1].images[0]
    with pytest.raises(ArgumentError, match=r"silu1 .*is not linear"):
        trained.explain(picture)
    evidence = trained.explain(picture, tangent=True)
    assert evidence.gap < 1e-4  # type: ignore[union-attr]
    assert evidence.bent == ("silu1", "gate", "hard_swish1")  # type: ignore[union-attr]
    assert trained.explain(picture, "grad-cam").layer == "hard_swish1"  # type: ignore[union-attr]
    for method in ("gradient", "occlusion", "guided-backpropagation", "integrated-gradients"):
        trained.explain(picture, method)


@pytest.mark.parametrize(
    "edit",
    [Mute("gate", 2), Remove("silu1"), Remove("hard_sigmoid1"), SwapPooling("pool3")],
    ids=str,
)
def test_it_can_be_changed(
    edit: Mute | Remove | SwapPooling, trained: pl.ImageClassifier, digits: tuple[Dataset, Dataset]
) -> None:
    pictures = digits[1].images[:5]
    changed = trained.edited(edit).predict_proba(pictures)
    assert not np.allclose(changed, trained.predict_proba(pictures), atol=1e-7)
