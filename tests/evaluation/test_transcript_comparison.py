"""Two recognizers judged by the same recordings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jiwer
import numpy as np
import pytest

from pellucid.data import load
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import get_engine
from pellucid.evaluation.model_comparison import compare_models
from pellucid.evaluation.transcript_comparison import TranscriptComparison
from pellucid.files import Model
from pellucid.graph import Network, initial_weights
from pellucid.layers import Normalise, Sequential
from pellucid.tasks import Transcription
from tests.data.sound.spoken import SOUND, recordings, small

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program


@dataclass
class Recognizer:
    """An untrained one, as comparisons take it."""

    model_: Model
    program_: Program
    max_pixels: int = 10**6

    @classmethod
    def of(cls, data: Dataset, units: str, seed: int) -> Recognizer:
        names = ("ha", "ho", "hu") if units == "words" else tuple(" ahou")
        layers = [Normalise([100.0], [80.0]), *small(len(names) + 1).layers]
        graph = Sequential(layers).graph(data.image_shape)
        network = Network(graph, initial_weights(graph, seed))
        model = Model(
            network,
            Transcription(names, units, 12),
            Preprocessing(*data.image_shape, sound=data.sound),
        )
        return cls(model, get_engine("reference").load(network))


def rates(said: list[str], heard: list[str]) -> float:
    return float(jiwer.wer(said, heard))


@pytest.mark.parametrize("units", ["words", "characters"])
def test_word_errors_and_their_difference(tmp_path: Path, units: str) -> None:
    """The second of words or of characters; the interval beside draws of our own."""
    data = load(recordings(tmp_path, {"train": 2, "test": 20}), sound=SOUND, units="words")
    assert data.test is not None
    models = Recognizer.of(data.test, "words", 1), Recognizer.of(data.test, units, 2)
    found = compare_models(*models, data.test)
    assert isinstance(found, TranscriptComparison)
    rows = found.to_dict()["images"]
    said = [each["said"] for each in rows]
    one, two = ([each[f"heard_{which}"] for each in rows] for which in "ab")
    assert one != two
    assert found.first.word_error == pytest.approx(rates(said, one))
    assert found.second.word_error == pytest.approx(rates(said, two))
    assert found.difference == pytest.approx(rates(said, two) - rates(said, one))

    random, words = np.random.default_rng(5), np.array([len(text.split()) for text in said])
    more = np.array([each["errors_b"] - each["errors_a"] for each in rows])
    drawn = random.integers(0, len(words), (4000, len(words)))
    ends = np.quantile(more[drawn].sum(axis=1) / words[drawn].sum(axis=1), (0.025, 0.975))
    np.testing.assert_allclose(found.interval, ends, atol=0.12)

    json.dumps(found.to_dict())
    assert found.to_csv().count("\n") == len(rows) + 1
    assert "paired bootstrap" in found.to_html()


def test_a_model_is_as_good_as_itself(tmp_path: Path) -> None:
    data = load(recordings(tmp_path, {"train": 2, "test": 5}), sound=SOUND, units="words")
    assert data.test is not None
    model = Recognizer.of(data.test, "words", 1)
    found = compare_models(model, model, data.test)
    assert isinstance(found, TranscriptComparison)
    assert (found.difference, *found.interval) == (0.0, 0.0, 0.0)
    assert "no difference" in found.verdict
