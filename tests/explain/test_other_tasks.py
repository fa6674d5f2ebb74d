"""Models of several labels and of numbers, opened: beside PyTorch and Captum."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, LayerGradCam, Occlusion, Saliency
from openpyxl import load_workbook
from sklearn.metrics import hamming_loss, mean_absolute_error

from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.evaluation.edit_effect import picture_effect
from pellucid.explain.activations import Activations
from pellucid.explain.backward import backward
from pellucid.explain.evidence import evidence
from pellucid.explain.explanation import explain
from pellucid.explain.faithfulness import faithfulness
from pellucid.explain.grad_cam import grad_cam
from pellucid.explain.gradient_maps import gradient
from pellucid.explain.integrated import integrated_gradients
from pellucid.explain.judges import LabelJudges, NumberJudges
from pellucid.explain.occlusion import occlusion
from pellucid.explain.score import choose_score
from pellucid.explain.story import story
from pellucid.explain.surgery import Mute, edit_model
from pellucid.explain.trace import Trace
from pellucid.explain.update_rule import UpdateRule
from pellucid.files import Model
from pellucid.graph import Network, initial_weights
from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, Normalise, ReLU, Sequential
from pellucid.ops import Huber, SigmoidCrossEntropy, SquaredError
from pellucid.show.spreadsheet.workbook import workbook
from pellucid.tasks import MultiLabel, Regression
from tests.explain.recalculate import RECALCULATORS
from tests.explain.saliency import Module, pixels

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.ops.operation import Array
    from pellucid.tasks import Task

LABELS = MultiLabel(("cat", "dog", "=pet"), threshold=0.3)
NUMBERS = Regression(("angle", "speed", "=x"), (-4.0, 20.0, 0.0), (0.5, 8.0, 3.0), flat=False)
TASKS: dict[str, Task] = {"labels": LABELS, "numbers": NUMBERS}


class Loaded:
    """A model with the reference engine's program of it, in float64."""

    def __init__(self, model: Model) -> None:
        self.model_ = model
        self.program_ = get_engine("reference").load(model.network, precision="float64")
        self.max_pixels = MAX_PIXELS


def loaded(task: Task) -> Loaded:
    layers = [
        Normalise((90.0, 100.0, 80.0), (40.0, 50.0, 45.0)), Conv2D(4, 3), ReLU(), MaxPool(2),
        Flatten(), Dense(3),
    ]  # fmt: skip
    graph = Sequential(layers).graph((9, 7, 3))
    made = Network(graph, initial_weights(graph, seed=3))
    return Loaded(Model(made, task, Preprocessing(9, 7, 3)))


IMAGE = np.random.default_rng(8).integers(0, 256, (9, 7, 3), dtype=np.uint8)


def looked_at(task: Task) -> Activations:
    found = loaded(task)
    return Activations(found.model_, found.program_, IMAGE)


class Read(torch.nn.Module):
    """The network's outputs as they are explained: logits, or numbers in their units."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.network, self.task = Module(model.network), model.task

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.network(x)
        if isinstance(self.task, Regression):
            scale, mean = (torch.tensor(each) for each in (self.task.scale, self.task.mean))
            found = found * scale + mean
        return found


def close(actual: Array | None, expected: torch.Tensor) -> None:
    assert actual is not None
    wanted = expected.detach().numpy()
    assert np.abs(wanted).max() > 0
    assert (
        np.abs(actual - wanted).max() <= 1e-6 * np.abs(wanted).max()
    )  # Captum occludes in float32


def channels_last(x: torch.Tensor) -> torch.Tensor:
    return x[0].permute(1, 2, 0)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
@pytest.mark.parametrize("target", [0, 1, 2])
def test_heatmaps_against_captum(task: Task, target: int) -> None:
    activations = looked_at(task)
    asked, module = choose_score(activations, target=target), Read(activations.model)
    image = pixels(IMAGE)
    slope = Saliency(module).attribute(image.clone().requires_grad_(), target=target, abs=False)
    close(gradient(asked).channels, channels_last(slope))
    shares = IntegratedGradients(module).attribute(
        image, baselines=torch.full_like(image, 37.0), target=target, n_steps=8,
        method="riemann_middle",
    )  # fmt: skip
    close(integrated_gradients(asked, steps=8, baseline=37.0).channels, channels_last(shares))
    covered = Occlusion(module).attribute(
        image, sliding_window_shapes=(3, 3, 2), strides=(3, 2, 1), baselines=40.0, target=target
    )
    close(occlusion(asked, size=(3, 2), stride=(2, 1), baseline=40.0).values, covered[0, 0])
    coarse = LayerGradCam(module, module.network.parts["relu1"]).attribute(
        image, target=target, relu_attributions=True
    )
    close(grad_cam(asked, layer="relu1").coarse, coarse[0, 0])


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_evidence_adds_up_to_what_users_read(task: Task) -> None:
    activations = looked_at(task)
    with torch.no_grad():
        read = Read(activations.model)(pixels(IMAGE))[0].numpy()
    for target, name in enumerate(task.names):
        found = evidence(choose_score(activations, target=name, compared=True))
        assert found.total == pytest.approx(read[target], abs=1e-9)
        assert found.scored.against is None
        constants = found.constants
        if isinstance(task, Regression) and task.mean[target]:
            assert constants["numbers"] == task.mean[target]
        else:
            assert task.read_as not in constants
        assert found.by_layer("relu1").total == pytest.approx(read[target], abs=1e-9)
    likeliest = int(read.argmax()) if isinstance(task, MultiLabel) else 0
    assert explain(activations).scored.target == (likeliest,)


def test_labels_are_compared_where_that_is_asked_and_numbers_never() -> None:
    found = evidence(choose_score(looked_at(LABELS), target="cat", against="dog"))
    outputs = looked_at(LABELS).values["dense1"]
    assert found.total == pytest.approx(outputs[0] - outputs[1], abs=1e-9)
    with pytest.raises(ArgumentError, match="angle, speed") as caught:
        explain(looked_at(NUMBERS), target="angle", against="speed")
    assert "\n" not in str(caught.value)
    with pytest.raises(ArgumentError, match="angle"):
        explain(looked_at(NUMBERS), target="angel")


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_a_trace_ends_in_what_users_read(task: Task) -> None:
    trace = Trace(looked_at(task))
    z = torch.tensor(trace["dense1"].values)
    last = trace.steps[-1]
    if isinstance(task, Regression):
        wanted = z * torch.tensor(task.scale) + torch.tensor(task.mean)
        assert last.name == "numbers"
        assert trace.answer == dict(zip(task.columns, last.values.tolist(), strict=True))
        assert trace.guesses() == []
    else:
        wanted = torch.sigmoid(z)
        assert last.name == "probabilities"
        likely = [n for n, p in zip(task.names, wanted, strict=True) if p >= LABELS.threshold]
        assert trace.answer == likely
        ranked = [guess.probability for guess in trace.guesses()]
        np.testing.assert_allclose(ranked, sorted(wanted.tolist())[::-1])
    np.testing.assert_allclose(last.values, wanted, rtol=1e-12)
    for k in range(3):
        opened = trace.value(last.name, (k,))
        assert opened.terms.total == pytest.approx(float(wanted[k]), rel=1e-12)
        assert opened.input(0).value == float(z[k])
    described = json.loads(json.dumps(trace.to_dict()))
    assert (described["task"], described["answer"]) == (task.kind, trace.answer)


def torch_loss(kind: str) -> Any:
    return {
        "sigmoid_cross_entropy": torch.nn.BCEWithLogitsLoss(),
        "squared_error": torch.nn.MSELoss(),
        "huber": torch.nn.HuberLoss(),
    }[kind]


@pytest.mark.parametrize(
    ("task", "right", "t", "loss"),
    [
        (LABELS, "cat;=pet", [1, 0, 1], SigmoidCrossEntropy()),
        (LABELS, ["dog"], [0, 1, 0], SigmoidCrossEntropy()),
        (LABELS, np.array([1, 1, 0]), [1, 1, 0], SigmoidCrossEntropy()),
        (LABELS, ";", [0, 0, 0], SigmoidCrossEntropy()),
        (NUMBERS, "-3; 24,5; 9".replace(",", "."), [2, 0.5625, 3], SquaredError()),
        (NUMBERS, [-6.0, 20, -3], [-4, 0, -1], Huber()),
    ],
)
def test_backward_against_autograd(task: Task, right: Any, t: list[float], loss: Any) -> None:
    source = loaded(task)
    gone = backward(source, IMAGE, right, learner=replace(UpdateRule(), loss=loss))
    module, image = Module(source.model_.network), pixels(IMAGE).requires_grad_()
    kernel = module.parts["conv1"].own["kernel"].requires_grad_()  # type: ignore[index]
    z = module(image)
    wanted = torch_loss(loss.kind)(z, torch.tensor([t], dtype=torch.float64))
    wanted.backward()
    np.testing.assert_allclose(gone.targets, t)
    assert gone.loss == pytest.approx(wanted.item(), rel=1e-9)
    assert image.grad is not None
    close(gone["input"].gradient, channels_last(image.grad))
    assert kernel.grad is not None
    close(gone["conv1"].weights["kernel"], kernel.grad.permute(2, 3, 1, 0))
    opened = gone.weight("conv1.kernel", (1, 0, 1, 2))
    assert opened.total == pytest.approx(opened.gradient, rel=1e-9)
    assert opened.check is not None
    assert not opened.check.kink
    assert opened.check.quotient == pytest.approx(opened.gradient, rel=1e-5)
    y = torch.sigmoid(z) if isinstance(task, MultiLabel) else z
    np.testing.assert_allclose(gone.differences, (y[0] - torch.tensor(t)).detach(), rtol=1e-9)
    described = json.loads(json.dumps(gone.to_dict(values=False)))
    assert (described["probabilities"] is None) == isinstance(task, Regression)
    assert described["label"] == gone.label


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_answer_is_taken_to_be_right_where_nothing_is_given(task: Task) -> None:
    gone = backward(loaded(task), IMAGE)
    assert not gone.truth.given
    if isinstance(task, Regression):
        assert gone.loss == 0.0
        assert gone.settled
        assert not any(gradient.any() for gradient in gone.gradients.weights.values())
        assert "nothing to learn" in gone.to_html()
        with pytest.raises(ArgumentError, match="outputs"):
            _ = gone.probabilities
    else:
        given = Trace(gone.activations).answer
        assert gone.label == "; ".join(given)
        assert gone.loss > 0.0
    assert isinstance(gone.learner.loss, Huber | SigmoidCrossEntropy)


@pytest.mark.parametrize(
    ("task", "right", "words"),
    [
        (LABELS, "cat;dogg", "did you mean 'dog'"),
        (LABELS, [1, 0], "3 numbers"),
        (LABELS, [1, 0, 2], "0 or 1"),
        (NUMBERS, "3.2", "3 finite numbers"),
        (NUMBERS, "a;b;c", "angle, speed"),
        (NUMBERS, [1.0, float("nan"), 2.0], "finite"),
        (NUMBERS, None, "z − t"),
    ],
)
def test_mistakes_are_explained_in_one_line(task: Task, right: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words) as caught:
        backward(loaded(task), IMAGE, right).value("dense1", (0,))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_faithfulness_begins_and_ends_with_what_users_read(task: Task) -> None:
    activations = looked_at(task)
    found = faithfulness(gradient(choose_score(activations, target=1)), steps=3)
    assert found.deletion[0] == pytest.approx(activations.answer[1])
    assert found.insertion[-1] == pytest.approx(activations.answer[1])
    assert found.followed == ("speed" if task is NUMBERS else "probability of dog")


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_judges_against_scikit_learn(task: Task) -> None:
    found = story(loaded(task), IMAGE, "=pet" if task is LABELS else "-3; 24.5; 9")
    assert found.label_given
    outputs = torch.tensor(found.backward.outputs)
    if isinstance(task, MultiLabel):
        assert isinstance(found.judges, LabelJudges)
        given = [int(name in found.trace.answer) for name in task.classes]
        assert found.judges.wrong_labels == pytest.approx(hamming_loss([[0, 0, 1]], [given]))
        loss = torch.nn.functional.binary_cross_entropy_with_logits
        wanted = loss(outputs, torch.tensor([0.0, 0, 1], dtype=torch.float64))
        assert found.judges.cross_entropy == pytest.approx(float(wanted))
    else:
        assert isinstance(found.judges, NumberJudges)
        errors = mean_absolute_error(
            [[-3, 24.5, 9]], [found.activations.answer], multioutput="raw_values"
        )
        np.testing.assert_allclose(found.judges.absolute_errors, errors)
    page, described = found.to_html(), json.loads(json.dumps(found.to_dict()))
    assert "oftmax" not in page
    assert described["answers"] == found.trace.answer


def test_the_threshold_crosses_every_bar_of_labels_and_none_of_classes() -> None:
    mark = f'<i class=mark style="left:{100 * LABELS.threshold:.2f}%">'
    labels = Trace(looked_at(LABELS))
    assert labels.to_html().count(mark) == 2 * 3  # above all steps, and at the last
    assert "class=mark" not in Trace(looked_at(NUMBERS)).to_html()
    for record in (labels, explain(labels.activations, "grad-cam"), explain(labels.activations)):
        assert "given from 30.0% on" in record.to_html()


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
@pytest.mark.parametrize("how", RECALCULATORS)
def test_a_spreadsheet_computes_what_users_read(task: Task, how: str, tmp_path: Path) -> None:
    trace = Trace(looked_at(task))
    (tmp_path / "trace.xlsx").write_bytes(workbook(trace.activations))
    found = RECALCULATORS[how](tmp_path / "trace.xlsx", [trace.steps[-1].name])
    np.testing.assert_allclose(found[trace.steps[-1].name].ravel(), trace.steps[-1].values)
    page = load_workbook(io.BytesIO(workbook(trace.activations)))["overview"]
    heads = [cell.value for cell in page[4]]
    assert heads[0] == ("number" if task is NUMBERS else "label")


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_what_a_change_does_to_labels_and_numbers(task: Task) -> None:
    before = loaded(task)
    after = Loaded(edit_model(before.model_, [Mute("conv1", 1)]))
    found = picture_effect(before, after, IMAGE)
    for read, source in zip(found.read, (before, after), strict=True):
        wanted = Activations(source.model_, source.program_, IMAGE).answer
        np.testing.assert_allclose(read, wanted)
    assert found.engine == "reference, float64"
    described = json.loads(json.dumps(found.to_dict()))
    assert (described["engine"], described["task"]) == (found.engine, task.kind)
    assert ("numbers" in described) == isinstance(task, Regression)
    assert "reference, float64" in found.to_html()
