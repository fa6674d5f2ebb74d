"""Numbers that explode: what the training loop leaves out, repeats, and gives up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import ImageClassifier
from pellucid.data import Dataset
from pellucid.engines import ENGINES, get_engine
from pellucid.errors import TrainingDivergedError
from pellucid.graph import Network, initial_weights
from pellucid.layers import BatchNorm, Conv2D, Dense, Flatten, Normalise, ReLU, Sequential
from pellucid.training import make_recipe, train
from tests.learning import Learning, step_of
from tests.messages import check_line
from tests.training.scripted import Notes, Scripted, dataset, recipe

if TYPE_CHECKING:
    from pellucid.layers import Block


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_it_gives_up_when_nothing_helps(loss: float) -> None:
    """Leaving out a batch, then half the rate; four times; and once more leaving out."""
    notes = Notes()
    program = Scripted([1.0, 1.0, 1.0, 1.0, loss])
    with pytest.raises(TrainingDivergedError) as caught:
        train(program, dataset(10), recipe(epochs=2, learning_rate=50.0), watchers=[notes])
    assert str(caught.value) == (
        f"training diverged: the loss is {loss} at step 2 of 3 in epoch 2, learning rate 3.12, "
        "halved 4 times in vain; lower the learning rate, whose peak is 50: leave --learning-rate "
        "out for the default"
    )
    rates = [rate for _, _, rate in program.taken]
    assert rates == [50.0] * 6 + [25.0] * 2 + [12.5] * 2 + [6.25] * 2 + [3.125] * 2
    assert len(notes.steps) == 4
    assert notes.heard[3] == (1, 1)


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf, 1.1e4])
def test_a_batch_whose_loss_explodes_is_left_out(loss: float) -> None:
    """Training goes back to before it, takes the same steps again, and passes it over."""
    data = dataset(10)
    program = Scripted([1.0, 2.0, 3.0, 1.0, loss, 1.0, 4.0])
    trained = train(program, data, recipe(epochs=2))
    fed = [images.tobytes() for images, _, _ in program.taken]
    assert len(fed) == 7
    assert fed[5] == fed[3]  # again
    assert len({*fed[3:5], fed[6]}) == 3
    assert {rate for _, _, rate in program.taken} == {0.5}
    assert [row.skipped_batches for row in trained.history] == [0, 1]
    assert [row.roll_backs for row in trained.history] == [0, 0]
    assert trained.history[1].loss == pytest.approx((4 * 1.0 + 2 * 4.0) / 6)
    assert set(trained.best_weights["dense1.kernel"].ravel()) == {5.0}  # as if it never was


def test_a_large_loss_is_fine_where_training_began_with_one() -> None:
    trained = train(Scripted([3e4, 2.9e6, 5e5]), dataset(10), recipe())
    assert trained.history[0].skipped_batches == 0


def test_a_second_failure_halves_the_rate_for_the_rest_of_the_run() -> None:
    program = Scripted([1.0, math.nan, 1.0, math.nan, 1.0])
    trained = train(program, dataset(10), recipe(epochs=2))
    fed = [images.tobytes() for images, _, _ in program.taken]
    assert fed[0] == fed[2] == fed[4]  # from the epoch's beginning each time
    assert fed[5] == fed[1]  # it was not the batch: it is learned after all
    assert [rate for _, _, rate in program.taken] == [0.5] * 4 + [0.25] * 6
    assert [row.skipped_batches for row in trained.history] == [0, 0]
    assert [row.roll_backs for row in trained.history] == [1, 0]
    assert [row.learning_rate for row in trained.history] == [0.25, 0.25]


def test_it_goes_back_to_the_last_good_state_only() -> None:
    """One every 64 batches, if its weights are finite and its loss no worse than chance."""
    data = dataset(200)
    for losses, again in (
        ([1.0] * 140 + [math.nan] + [1.0], 128),  # and not to the beginning
        ([1.0] * 64 + [9e3] * 76 + [math.nan] + [1.0], 64),  # the state at 128 was none
    ):
        program = Scripted(losses)
        train(program, data, recipe(batch_size=1))
        fed = [images.tobytes() for images, _, _ in program.taken]
        assert fed[141] == fed[again]
        assert len(fed) == 141 + (199 - again)


def test_an_epoch_of_which_every_batch_fails() -> None:
    program = Scripted([math.nan])
    with pytest.raises(TrainingDivergedError, match=r"no batch of epoch 1 has a finite loss, halv"):
        train(program, dataset(3), recipe())


def test_weights_that_break_at_the_last_step() -> None:
    """The last step's loss is that before its update."""
    notes = Notes()
    program = Scripted([1.0] * 6, break_after=6)
    with pytest.raises(
        TrainingDivergedError,
        match=r"weight 'dense1.kernel' is not finite after epoch 2, halved 4 times in vain; lower",
    ) as caught:
        train(program, dataset(10), recipe(epochs=2), watchers=[notes])
    check_line(caught.value)
    assert (2, 2) not in notes.heard


def test_a_validation_loss_that_is_not_finite() -> None:
    program = Scripted([1.0] * 3, logits=np.array([np.inf, 0.0, 0.0]))
    with pytest.raises(TrainingDivergedError, match="the validation loss is nan after epoch 1"):
        train(program, dataset(10), recipe(), validation=dataset(5))


@pytest.mark.parametrize(("part", "validation"), [("validation", dataset(5)), ("training", None)])
def test_a_network_that_has_exploded_for_inference_alone(
    part: str, validation: Dataset | None
) -> None:
    """Steps show nothing of it, since batch norms use the batch's own statistics there."""
    program = Scripted([1.0], logits=np.array([1e10, 0.0, 0.0]))
    with pytest.raises(
        TrainingDivergedError, match=rf"the {part} loss is .*e\+09 after epoch 1, halved 4 times"
    ) as caught:
        train(program, dataset(10), recipe(), validation=validation)
    check_line(caught.value)


def test_it_is_learned_again_at_half_the_rate_until_inference_is_sound() -> None:
    program = Scripted([1.0])
    sound = program.forward

    def forward(images: np.ndarray) -> np.ndarray:
        return sound(images) if program.taken[-1][2] < 0.02 else np.full((len(images), 3), np.inf)

    program.forward = forward  # type: ignore[method-assign]
    plan = recipe(epochs=2, learning_rate=0.05)
    done = train(program, dataset(10), plan)
    assert [row.roll_backs for row in done.history] == [2, 0]
    assert [row.learning_rate for row in done.history] == [0.0125] * 2
    assert [row.validation_loss for row in done.history] == [None] * 2


@pytest.mark.parametrize("rate", [1.0, 10.0, 100.0])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_no_training_ends_with_logits_that_have_exploded(optimizer: str, rate: float) -> None:
    body: list[Block] = [Conv2D(6, 3, padding=1), BatchNorm(), ReLU()]
    body += [layer for _ in range(4) for layer in (Conv2D(6, 3, padding=1), BatchNorm(), ReLU())]
    network = Sequential([*body, Flatten(), Dense(8), BatchNorm(), ReLU(), Dense(3)])
    images = np.random.default_rng(0).integers(0, 256, (24, 6, 6, 1), np.uint8)
    data = Dataset(images, np.arange(24) % 3, ("a", "b", "c"), name="noise")
    for validation in (None, data.subset(range(9))):
        model = ImageClassifier(
            network, epochs=3, learning_rate=rate, optimizer=optimizer, batch_size=8,
            schedule="constant", engine="reference",
        )  # fmt: skip
        try:
            model.fit(data, validation_data=validation)
        except TrainingDivergedError:
            continue
        largest = np.abs(model.program_.forward(images)).max()
        assert largest < 1e7
        kinds = {each.kind for each in model.diagnose(data)}
        assert largest < 1e3 or "high_rate" in kinds


@pytest.mark.parametrize("engine", ENGINES)
def test_an_absurd_learning_rate(engine: str) -> None:
    """Told in one line, without NumPy's warnings, which would fail this test."""
    graph = Sequential([Normalise([128.0], [64.0]), Flatten(), Dense(30), Dense(3)]).graph(
        (2, 2, 1)
    )
    plan = make_recipe(learning_rate=1e4, schedule="constant", epochs=20, batch_size=4)
    program = get_engine(engine).load(
        Network(graph, initial_weights(graph, 0)),
        step_of(graph, Learning(plan.loss, plan.optimizer)),
    )
    with pytest.raises(TrainingDivergedError, match=r"^training diverged: .* in vain; lower"):
        train(program, dataset(10), plan, validation=dataset(5))
