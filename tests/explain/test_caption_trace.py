"""Captions opened word by word: probabilities, leads and evidence, beside the captioner itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import pellucid as pl
from pellucid.engines.batches import forward
from pellucid.errors import ArgumentError
from pellucid.explain.caption_word import word_classifier
from pellucid.explain.evidence import Evidence
from pellucid.files import save_model
from tests.estimators.test_captioner import pictures
from tests.interop.test_onnx_captions import captioner_model
from tests.messages import check_line

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.explain.caption_trace import CaptionTrace


def traced(folder: Path, cell: str = "gru") -> tuple[CaptionTrace, np.ndarray]:
    """The trace of the longest of some captions, and its picture."""
    save_model(folder / "model.safetensors", captioner_model(cell))
    own = pl.ImageCaptioner.load(folder / "model.safetensors", engine="reference")
    images, _ = pictures(6)
    found = [own.trace(image) for image in images]
    place = int(np.argmax([len(each.steps) for each in found]))
    assert len(found[place].steps) > 2
    return found[place], images[place]


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_words_and_their_leads(tmp_path: Path, cell: str) -> None:
    found, image = traced(tmp_path, cell)
    shares = np.array([step.probability for step in found.steps])
    assert np.log(shares).sum() == pytest.approx(found.caption.log_probability, abs=1e-5)
    assert found.steps[-1].word == "(end)"
    for n, step in enumerate(found.steps):
        assert step.lead == pytest.approx(step.words + step.picture + step.bias, abs=1e-4)
        assert step.looked.sum() == pytest.approx(1.0, abs=1e-6)
        total = step.probability + sum(each.probability for each in step.others)
        assert 0.5 < total <= 1.0 + 1e-9
        word = found.word(n)  # the same by the classifier of the next word
        guesses = {each.name: each.probability for each in word.guesses(7)}
        assert guesses[step.word] == pytest.approx(step.probability, abs=1e-6)
        before = found._before(n)
        held = word_classifier(found.captioner, before, "reference", looked=step.looked)
        free = word_classifier(found.captioner, before, "reference")
        one, two = (forward(each.program_, image[None]) for each in (held, free))
        assert one == pytest.approx(two, abs=1e-5)
        assert free.program_.values(image[None])["caption-look-shares"].reshape(
            step.looked.shape
        ) == pytest.approx(step.looked, abs=1e-6)


def test_of_one_word_the_end_is_the_other(tmp_path: Path) -> None:
    save_model(tmp_path / "model.safetensors", captioner_model("gru", words=("a",)))
    own = pl.ImageCaptioner.load(tmp_path / "model.safetensors", engine="reference")
    (first, *_) = own.trace(pictures(1)[0][0]).steps
    assert first.word == "a"
    assert first.against in ("(end)", "(unknown)")
    assert first.lead == pytest.approx(first.words + first.picture + first.bias, abs=1e-4)


def test_evidence_adds_up_to_the_lead(tmp_path: Path) -> None:
    found, image = traced(tmp_path)
    step = found.steps[1]
    evidence = found.explain(1)
    assert isinstance(evidence, Evidence)
    assert not evidence.bent
    assert evidence.total == pytest.approx(evidence.exact, abs=1e-9)
    assert evidence.exact == pytest.approx(step.lead, abs=1e-4)
    assert evidence.scored.target_name == step.word
    assert evidence.scored.against_name == step.against
    by_default = found.captioner.explain(image)  # type: ignore[attr-defined]
    assert by_default.scored.target_name == found.steps[found.seen].word
    covered = found.explain(1, "occlusion", size=4)
    assert covered.values.shape == image.shape[:2]  # type: ignore[union-attr]


def test_there_is_no_such_word(tmp_path: Path) -> None:
    found, _ = traced(tmp_path)
    for place in (-1, len(found.steps), "a"):
        with pytest.raises(ArgumentError) as refused:
            found.word(place)  # type: ignore[arg-type]
        check_line(refused.value)
        assert f"1 {found.steps[0].word}" in str(refused.value)


def test_the_record(tmp_path: Path) -> None:
    found, _ = traced(tmp_path)
    values = found.to_dict()
    assert values["caption"] == str(found.caption)
    assert [each["word"] for each in values["steps"]] == [*found.caption.words, "(end)"]
    page = found.to_html()
    assert all(word in page for word in found.caption.words)
    found.save(tmp_path / "trace.png")
