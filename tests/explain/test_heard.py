"""Words of a recognizer, opened: which output each is, why it was written, and its loss."""

from __future__ import annotations

import jiwer
import numpy as np
import pytest
import torch

from pellucid.data.preprocessing import Preprocessing
from pellucid.data.sound import Sound
from pellucid.errors import ArgumentError
from pellucid.explain.activations import Activations
from pellucid.explain.backward import backward
from pellucid.explain.evidence import Evidence
from pellucid.explain.explanation import explain
from pellucid.explain.heatmap import Heatmap
from pellucid.explain.story import story
from pellucid.explain.trace import trace
from pellucid.files import Model
from pellucid.graph import Network, initial_weights
from pellucid.layers import Conv2D, ReLU, Reshape, Sequential
from pellucid.ops.best_path import best_path
from pellucid.tasks import Transcription
from tests.messages import check_line

SOUND = Sound(rate=8000, seconds=0.4, mels=16)
WORDS = ("one", "two", "three")


def recognizer(units: str = "words", *, rows: bool = False) -> Model:
    """Untrained; it writes something at most steps."""
    layers = [
        Conv2D(4, 3, stride=2, padding="same"),
        ReLU(),
        Conv2D(6, (8, 3), padding=((0, 0), (1, 1))),
        ReLU(),
        Conv2D(4, 1, name="steps"),
        *([Reshape((-1, 4), name="rows")] if rows else []),
    ]
    graph = Sequential(layers).graph((SOUND.mels, SOUND.frames, 1))
    names = WORDS if units == "words" else ("a", " ", "b")
    reading = Preprocessing(SOUND.mels, SOUND.frames, 1, sound=SOUND)
    weights = initial_weights(graph, 3)
    return Model(Network(graph, weights), Transcription(names, units, 5), reading)


PICTURE = np.random.default_rng(1).integers(0, 256, (SOUND.mels, SOUND.frames, 1), np.uint8)


@pytest.mark.parametrize("units", ["words", "characters"])
@pytest.mark.parametrize("rows", [False, True])
def test_each_word_names_the_output_it_was_read_from(units: str, rows: bool) -> None:
    looked = Activations.of(recognizer(units, rows=rows), PICTURE)
    outputs = looked.values[looked.logits].astype(np.float64)
    flat = outputs.reshape(-1, 4)
    (path,) = best_path(flat[None])
    assert len(path) > 2
    task = looked.model.task
    assert [each.name for each in looked.written] == [task.names[k - 1] for k in path]
    shares = torch.tensor(flat).softmax(dim=1).numpy()
    for each, place in zip(looked.written, path, strict=True):
        assert each.logit[-2:] == (each.step, place)
        assert each.first <= each.step < each.behind
        assert (flat.argmax(axis=1)[each.first : each.behind] == place).all()
        own = shares[each.first : each.behind, place]
        assert each.probability == pytest.approx(own.max(), rel=1e-12)
        assert task.read_at(outputs[None], each.logit)[0] == pytest.approx(own.max(), rel=1e-12)


@pytest.mark.parametrize("rows", [False, True])
def test_evidence_of_a_word_adds_up(rows: bool) -> None:
    looked = Activations.of(recognizer(rows=rows), PICTURE)
    for n, word in enumerate(looked.written):
        found = explain(looked, word=n)
        assert isinstance(found, Evidence)
        assert found.scored.target == word.logit
        row = looked.values[looked.logits][word.logit[:-1]].astype(np.float64)
        first, second = np.sort(row)[::-1][:2]
        assert found.difference == pytest.approx(first - second, abs=1e-6)
        assert found.total == pytest.approx(found.exact, rel=1e-9)


def test_a_time_and_another_word_are_asked_about() -> None:
    looked = Activations.of(recognizer(), PICTURE)
    found = explain(looked, "grad-cam", second=0.2, target="the blank", against="two")
    assert isinstance(found, Heatmap)
    assert found.scored.target == (0, 6, 0)  # of steps of 32 ms
    assert found.scored.against == (0, 6, 2)
    assert "step 6" in found.scored.wording


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"word": 40}, "number 41"),
        ({"second": 0.5}, "below 0.384"),
        ({"second": -0.1}, "-0.1"),
        ({"word": 0, "second": 0.1}, "one of them"),
        ({"word": 0, "target": "four"}, "four"),
        ({"box": 0}, "boxes"),
        ({"place": (1.0, 2.0)}, "detector"),
        ({"word": 0, "target": "one", "against": "one"}, "itself"),
    ],
)
def test_what_is_not_there_is_refused(asked: dict[str, object], said: str) -> None:
    looked = Activations.of(recognizer(), PICTURE)
    with pytest.raises(ArgumentError, match=said) as raised:
        explain(looked, **asked)  # type: ignore[arg-type]
    check_line(raised.value)


def test_where_nothing_is_heard_a_time_is_asked_for() -> None:
    model = recognizer()
    silent = np.zeros_like(PICTURE)
    assert trace(model, silent).answer == ""
    with pytest.raises(ArgumentError, match="--second"):
        explain(Activations.of(model, silent))
    explain(Activations.of(model, silent), second=0.1, target="one")


def test_a_trace_opens_words_and_lists_them() -> None:
    traced = trace(recognizer(), PICTURE)
    opened = traced.word(1)
    assert (opened.layer, opened.at) == ("steps", traced.activations.written[1].logit)
    assert opened.relative_difference < 1e-6
    described = traced.to_dict(values=False)
    assert [each["name"] for each in described["written"]] == traced.answer.split()
    page = traced.to_html()
    assert all(f">{name}<" in page for name in set(traced.answer.split()))


def test_the_loss_of_a_text_and_its_gradient_are_those_of_torch() -> None:
    model = recognizer()
    found = backward(model, PICTURE, "Two, three!")
    assert found.label == "two three"
    logits = torch.tensor(found.outputs[0], requires_grad=True)
    loss = torch.nn.functional.ctc_loss(
        logits.log_softmax(dim=1)[:, None],
        torch.tensor([[2, 3]]),
        torch.tensor([len(logits)]),
        torch.tensor([2]),
        reduction="sum",
    )
    (slopes,) = torch.autograd.grad(loss, logits)
    assert found.loss == pytest.approx(loss.item(), rel=1e-5)
    np.testing.assert_allclose(found.at_logits[0], slopes.numpy(), atol=1e-4)
    opened = found.weight("steps.bias", (2,))
    assert opened.check is not None
    assert opened.check.gradient == pytest.approx(opened.gradient, rel=1e-3)
    assert found.to_dict(values=False)["probabilities"] is None


@pytest.mark.parametrize(("text", "said"), [("four", "four"), ("one " * 6, "6 words"), ("", "0 w")])
def test_texts_that_the_loss_cannot_take_are_refused(text: str, said: str) -> None:
    with pytest.raises(ArgumentError, match=said) as raised:
        backward(recognizer(), PICTURE, text)
    check_line(raised.value)


@pytest.mark.parametrize("rows", [False, True])
def test_the_lecture_s_story_leads_to_the_surest_word(rows: bool) -> None:
    found = story(recognizer(rows=rows), PICTURE, "two three")
    surest = max(found.activations.written, key=lambda each: each.probability)
    assert (found.answer_at, found.answer) == (surest.logit, surest.name)
    assert found.path[-1] == (found.activations.logits, surest.logit)
    heard = str(found.trace.answer)
    said = jiwer.process_words("two three", heard)
    errors = said.substitutions + said.deletions + said.insertions
    assert found.judges.to_dict() == {"errors": errors, "words": 2}
    assert found.to_dict()["learning"]["y"] is None
    assert all(f">{each.name}<" in found.to_html() for each in found.activations.written)
