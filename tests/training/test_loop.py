"""The training loop: against PyTorch's own, and step by step on a program that follows a script."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from pellucid.data import Dataset, Preprocessing
from pellucid.engines import Program, get_engine
from pellucid.errors import OutputError
from pellucid.files import Model
from pellucid.graph import Network, initial_weights
from pellucid.layers import Dense, Flatten, Normalise, ReLU, Sequential
from pellucid.training import Progress, Recipe, TrainingResult, make_recipe, train
from pellucid.training.batch_loader import BatchLoader
from pellucid.training.batches import batches
from tests.learning import Learning, step_of
from tests.training.scripted import GRAPH, Notes, Scripted, dataset, epoch, recipe

if TYPE_CHECKING:
    from pellucid.graph import Weights


# ------------------------------------------------------------------------- against PyTorch's loop


def theirs(
    weights: Weights, data: Dataset, validation: Dataset, plan: Recipe
) -> tuple[list[dict[str, float]], nn.Sequential]:
    """The same training, as users of PyTorch write it."""
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)).double()
    with torch.no_grad():
        for layer, name in ((0, "dense1"), (2, "dense2")):
            linear = model[layer]
            assert isinstance(linear, nn.Linear)
            linear.weight.copy_(torch.tensor(weights[f"{name}.kernel"].T))
            linear.bias.copy_(torch.tensor(weights[f"{name}.bias"]))
    kernels = [p for p in model.parameters() if p.ndim == 2]
    biases = [p for p in model.parameters() if p.ndim == 1]
    groups: list[dict[str, Any]] = [
        {"params": kernels, "weight_decay": 0.01}, {"params": biases},
    ]  # fmt: skip
    optimizer = torch.optim.SGD(groups, lr=1.0, momentum=0.9, nesterov=True)

    def inputs(part: Dataset) -> tuple[torch.Tensor, torch.Tensor]:
        pixels = torch.tensor(part.images.reshape(len(part), 4), dtype=torch.float64)
        return (pixels - 128) / 64, torch.tensor(part.places)

    x, t = inputs(data)
    history, step, rate = [], 0, 0.0
    per_epoch = math.ceil(len(data) / plan.batch_size)
    for number in range(plan.epochs):
        loss_sum = correct = 0.0
        for batch in batches(len(data), plan.batch_size, seed=plan.seed, epoch=number):
            rate = plan.learning_rate * plan.schedule.factor(step, per_epoch, plan.epochs)
            for group in optimizer.param_groups:
                group["lr"] = rate
            logits = model(x[batch])
            loss = functional.cross_entropy(logits, t[batch], label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            loss_sum += loss.item() * len(batch)
            correct += (logits.argmax(1) == t[batch]).sum().item()
            step += 1
        with torch.no_grad():
            unseen, truth = inputs(validation)
            logits = model(unseen)
            history.append(
                {
                    "loss": loss_sum / len(data),
                    "accuracy": correct / len(data),
                    "validation_loss": functional.cross_entropy(logits, truth).item(),
                    "validation_accuracy": (logits.argmax(1) == truth).double().mean().item(),
                    "learning_rate": rate,
                }
            )
    return history, model


def test_the_same_training_as_pytorch() -> None:
    plan = make_recipe(
        epochs=4, batch_size=5, learning_rate=0.05, weight_decay=0.01, label_smoothing=0.1, seed=9
    )
    data, validation = dataset(23), dataset(300, seed=1)  # the last batch has 3; two parts to judge
    layers = [Normalise([128.0], [64.0]), Flatten(), Dense(5), ReLU(), Dense(3)]
    graph = Sequential(layers).graph((2, 2, 1))
    weights = initial_weights(graph, 9, np.float64)
    program = get_engine("reference").load(
        Network(graph, weights),
        step_of(graph, Learning(plan.loss, plan.optimizer, plan.seed)),
        precision="float64",
    )
    trained = train(program, data, plan, validation=validation)
    expected, model = theirs(weights, data, validation, plan)
    assert [row.epoch for row in trained.history] == [1, 2, 3, 4]
    for row, their_row in zip(trained.history, expected, strict=True):
        for name, value in their_row.items():
            assert getattr(row, name) == pytest.approx(value, rel=1e-9), (row.epoch, name)
    last = model[2]
    assert isinstance(last, nn.Linear)
    found = program.weights()["dense2.kernel"]
    assert found == pytest.approx(last.weight.detach().numpy().T, rel=1e-9)


# --------------------------------------------------------------------------------- step by step


def test_every_picture_with_its_label_once_an_epoch() -> None:
    data = dataset(10)
    program = Scripted([1.0] * 6)
    train(program, data, recipe(epochs=2))
    assert [len(images) for images, _, _ in program.taken] == [4, 4, 2, 4, 4, 2]
    known = {image.tobytes(): label for image, label in zip(data.images, data.places, strict=True)}
    orders = []
    for steps in (program.taken[:3], program.taken[3:]):
        images = np.concatenate([images for images, _, _ in steps])
        labels = np.concatenate([labels for _, labels, _ in steps])
        assert sorted(map(bytes, images)) == sorted(map(bytes, data.images))
        assert [known[image.tobytes()] for image in images] == labels.tolist()
        orders.append(images.tobytes())
    assert orders[0] != orders[1]


def test_the_schedule_sets_every_step_s_rate() -> None:
    plan = make_recipe(schedule="cosine", learning_rate=0.2, epochs=2, batch_size=4)
    program = Scripted([1.0] * 6)
    trained = train(program, dataset(10), plan)
    expected = [0.2 * (1 + math.cos(math.pi * step / 6)) / 2 for step in range(6)]
    assert [rate for _, _, rate in program.taken] == pytest.approx(expected)
    assert [row.learning_rate for row in trained.history] == pytest.approx(expected[2::3])


def test_means_are_over_pictures_not_batches() -> None:
    notes = Notes()
    trained = train(Scripted([1.0, 2.0, 6.0], correct=2), dataset(10), recipe(), watchers=[notes])
    assert [step.images for step in notes.steps] == [4, 8, 10]
    assert {step.of for step in notes.steps} == {10}
    losses = [1.0, (4 * 1 + 4 * 2) / 8, (4 * 1 + 4 * 2 + 2 * 6) / 10]
    assert [step.loss for step in notes.steps] == pytest.approx(losses)
    assert [step.accuracy for step in notes.steps] == pytest.approx([2 / 4, 4 / 8, 6 / 10])
    (row,) = trained.history
    assert (row.loss, row.accuracy) == pytest.approx((2.4, 0.6))
    assert (row.validation_loss, row.validation_accuracy) == (None, None)
    assert row.images_per_second > 0
    assert row.seconds > 0


def test_how_long_steps_waited_for_their_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    make, pause = BatchLoader.batch, 0.01

    def slowly(self: BatchLoader, *place: int) -> Any:
        time.sleep(pause)
        return make(self, *place)

    class Changing(Notes):
        def after_epoch(self, trained: TrainingResult, program: Program) -> None:
            monkeypatch.setattr(BatchLoader, "batch", slowly if len(trained.history) == 1 else make)

    trained = train(Scripted([1.0]), dataset(10), recipe(epochs=3), watchers=[Changing()])
    first, second, third = trained.history
    assert 3 * pause <= second.waited <= second.seconds  # of three steps
    assert 0 < first.waited <= first.seconds
    assert 0 < third.waited <= third.seconds


def test_validation_is_judged_without_smoothing_and_weights() -> None:
    loss = make_recipe(label_smoothing=0.3, class_weights=(1.0, 5.0, 9.0)).loss
    plan = Recipe(make_recipe().optimizer, 0.1, loss=loss, epochs=1)
    validation = dataset(300, seed=2)
    trained = train(
        Scripted([1.0] * 9, logits=np.array([2.0, 0.0, -1.0])), dataset(4), plan,
        validation=validation,
    )  # fmt: skip
    p = torch.softmax(torch.tensor([2.0, 0.0, -1.0], dtype=torch.float64), 0).numpy()
    (row,) = trained.history
    assert row.validation_loss == pytest.approx(-np.log(p)[validation.places].mean(), rel=1e-6)
    assert row.validation_accuracy == (validation.places == 0).mean()


def test_watchers_are_notified_in_turn() -> None:
    notes = Notes()
    train(Scripted([1.0] * 6), dataset(10), recipe(epochs=2), watchers=[notes, notes])
    kinds = ["step" if isinstance(note, Progress) else note for note in notes.heard]
    epoch_1, epoch_2 = [*["step"] * 6, (1, 1), (1, 1)], [*["step"] * 6, (2, 2), (2, 2)]
    assert kinds == [*epoch_1, *epoch_2]
    assert [step.epoch for step in notes.steps] == [1] * 6 + [2] * 6
    assert notes.heard[0] == notes.heard[1]


def test_a_watcher_s_failure_ends_the_run() -> None:
    class Full(Notes):
        def after_epoch(self, trained: TrainingResult, program: Program) -> None:
            raise OutputError("the disk is full")

    program = Scripted([1.0] * 9)
    with pytest.raises(OutputError, match="the disk is full"):
        train(program, dataset(10), recipe(epochs=3), watchers=[Full()])
    assert len(program.taken) == 3


# --------------------------------------------------------------------------------- the best epoch


@pytest.mark.parametrize(
    ("outcomes", "best"),
    [
        ([(None, None)] * 3, 3),  # nothing to judge by: the last
        ([(0.5, 1.0), (0.9, 2.0), (0.7, 0.1)], 2),  # accuracy decides, whatever the loss
        ([(0.9, 1.0), (0.9, 0.5), (0.9, 0.7)], 2),  # of equals, the lowest loss
        ([(0.9, 0.5), (0.9, 0.5), (0.1, 0.1)], 2),  # of those, the last
        ([(0.0, 9.0), (0.0, 8.0)], 2),
        ([(0.8, 0.2)], 1),
    ],
)
def test_the_best_epoch(outcomes: list[tuple[float | None, float | None]], best: int) -> None:
    trained = TrainingResult()
    for number, (accuracy, loss) in enumerate(outcomes, 1):
        trained.add(epoch(number, accuracy, loss), {"w": np.array([number])})
    assert trained.best_epoch == best
    assert trained.best_weights["w"].tolist() == [best]
    assert [row.epoch for row in trained.history] == list(range(1, len(outcomes) + 1))


def test_the_best_model_says_what_it_reached() -> None:
    trained = TrainingResult()
    weights = {"dense1.kernel": np.ones((4, 3)), "dense1.bias": np.ones(3)}
    trained.add(epoch(1, 0.8, 0.3), weights)
    trained.add(epoch(2, 0.7, 0.2), {name: 2 * array for name, array in weights.items()})
    start = Network(GRAPH, {name: 0 * array for name, array in weights.items()})
    model = Model(start, ("a", "b", "c"), Preprocessing(2, 2, 1), {"seed": 5})
    best = trained.best_model(model)
    assert best.network.weights["dense1.kernel"].tolist() == np.ones((4, 3)).tolist()
    assert best.provenance.keys() == {"seed", "results", "history"}
    assert best.provenance["results"] == {
        "epoch": 1, "loss": 1.0, "accuracy": 0.5, "validation_loss": 0.3,
        "validation_accuracy": 0.8, "learning_rate": 0.1,
    }  # fmt: skip
    assert [row["epoch"] for row in best.provenance["history"]] == [1, 2]
    assert model.provenance == {"seed": 5}


def test_the_best_weights_are_those_of_their_epoch() -> None:
    program = Scripted([1.0] * 9)
    trained = train(program, dataset(10), recipe(epochs=3))
    assert set(trained.best_weights["dense1.kernel"].ravel()) == {9.0}
    program = Scripted([1.0] * 9, logits=np.array([1.0, 0.0, 0.0]))
    original = program.forward

    def worse_each_time(images: np.ndarray) -> np.ndarray:
        return original(images) * (len(program.taken) if len(program.taken) > 3 else 0.1)

    program.forward = worse_each_time  # type: ignore[method-assign]
    validation = dataset(50)
    trained = train(program, dataset(10), recipe(epochs=3), validation=validation)
    assert trained.best_epoch == 1
    assert set(trained.best_weights["dense1.kernel"].ravel()) == {3.0}


# ------------------------------------------------------------------------------- stopping early


def worsening(program: Scripted) -> Scripted:
    """Its validation gets worse from the second epoch of 3 steps on."""
    original = program.forward

    def forward(images: np.ndarray) -> np.ndarray:
        return original(images) * (program.count if program.count > 6 else 0.1)

    program.forward = forward  # type: ignore[method-assign]
    return program


@pytest.mark.parametrize(("patience", "epochs"), [(1, 3), (3, 5), (None, 9), (20, 9)])
def test_patience(patience: int | None, epochs: int) -> None:
    program = worsening(Scripted([1.0], logits=np.array([1.0, 0.0, 0.0])))
    plan = replace(recipe(epochs=9), patience=patience)
    trained = train(program, dataset(10), plan, validation=dataset(50))
    assert len(trained.history) == epochs
    assert trained.best_epoch == 2
