"""Small trainings, computed by several processes that learn together: ``… this FOLDER 2 4``.

The processes are forked from one that has imported everything, since that takes most of the time;
``torchrun`` itself starts those of ``tests/cli/test_train_ranks.py``.
"""

from __future__ import annotations

import os
import socket
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - PyTorch's own custom

from pellucid.data import Dataset
from pellucid.data.augment import Augmentation
from pellucid.engines import Step, get_engine
from pellucid.errors import ArgumentError
from pellucid.graph import Network, initial_weights
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    ReLU,
    Sequential,
)
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD
from pellucid.training import make_recipe, train
from pellucid.training.batch_loader import BatchLoader
from tests.training.runs import CLASSES, layers

if TYPE_CHECKING:
    from pellucid.engines import Program
    from pellucid.ops.operation import Array

STEPS, BATCH, PICTURES = 20, 10, 37
"""The batches of an epoch have 10, 10, 10 and 7 pictures."""

LOSS = CrossEntropy(0.1, (0.5, 1.0, 3.0))
"""With class weights, so that a batch's mean is not that of its parts."""


def network(*, norm: bool) -> Network:
    graph = layers(norm=norm).graph((7, 6, 1))
    return Network(graph, initial_weights(graph, 1))


def pictures() -> Dataset:
    random = np.random.default_rng(3)
    labels = random.integers(0, 3, PICTURES)
    images = random.integers(0, 256, (PICTURES, 7, 6, 1))
    images[np.arange(PICTURES), labels] //= 4
    return Dataset(images.astype(np.uint8), labels, CLASSES, name="few")


def recipe(**more: Any) -> Any:
    return make_recipe(
        batch_size=BATCH, seed=5, loss=LOSS, learning_rate=0.05, optimizer="sgd", **more
    )


def program_of(*, norm: bool, engine: str = "torch") -> Program:
    built = network(norm=norm)
    step = Step.of(built.graph, LOSS, SGD(momentum=0.9, clip_norm=2.0), seed=5)
    return get_engine(engine).load(built, step)


def curve(*, norm: bool, engine: str = "torch", mixup: float = 0.0) -> tuple[Array, Array]:
    """The loss of each of some steps, and all weights afterwards in one array."""
    program, data = program_of(norm=norm, engine=engine), pictures()
    plan = recipe(augmentation=Augmentation(horizontal_flip=True, shift=1, mixup=mixup))
    ranks = program.ranks
    feed = BatchLoader(data, plan, rank=ranks.rank, world=ranks.world)
    losses = []
    for step in range(STEPS):
        images, labels = feed.batch(*divmod(step, feed.steps))
        losses += ranks.sum([program.train_step(images, labels, 0.05).loss])
    weights = [array.ravel() for array in program.weights().values()]
    return np.array(losses), np.concatenate(weights)


def repeated(engine: str) -> Array:
    """The losses of steps by one batch, of a network that has little to compile."""
    graph = Sequential([Conv2D(2, 3), BatchNorm(), ReLU(), Flatten(), Dense(3)]).graph((7, 6, 1))
    step = Step.of(graph, LOSS, SGD(), seed=5)
    program = get_engine(engine).load(Network(graph, initial_weights(graph, 1)), step)
    data, ranks = pictures(), program.ranks
    part = ranks.part(BATCH)
    images, places = data.images[:BATCH][part], data.places[:BATCH][part]
    losses = (program.train_step(images, places, 0.001).loss for _ in range(4))
    return np.array([ranks.sum([loss])[0] for loss in losses])


def judged() -> Array:
    """The history of a training with a validation: losses and accuracies."""
    program, data = program_of(norm=False), pictures()
    result = train(program, data, recipe(epochs=3), validation=data)
    return np.array(
        [
            [row.loss, row.accuracy, row.validation_loss, row.validation_accuracy]
            for row in result.history
        ],
        np.float64,
    )


def one_value_each(engine: str) -> float:
    """The loss of an epoch whose batches have two pictures, and norms one value a picture."""
    graph = Sequential([Flatten(), Dense(4), BatchNorm(), ReLU(), Dense(3)]).graph((7, 6, 1))
    step = Step.of(graph, LOSS, SGD(), seed=5)
    program = get_engine(engine).load(Network(graph, initial_weights(graph, 1)), step)
    plan = make_recipe(
        batch_size=2, seed=5, loss=LOSS, learning_rate=0.001, optimizer="sgd", epochs=1
    )
    return train(program, pictures(), plan).history[0].loss


def norm_gradients(group: Any, rank: int, world: int) -> dict[str, float]:
    """How far the joined batch norm is from PyTorch's own of the whole batch."""
    from pellucid.engines.torch.sync_batch_norm import group_name, normalised_together

    torch.manual_seed(1)
    whole = (torch.randn(5, 3, 4, 2) * 3 + 100).requires_grad_()
    weight = torch.randn(5, 3, 4, 2)
    mean, variance = torch.zeros(3), torch.ones(3)
    expected = F.batch_norm(whole, mean, variance, None, None, training=True, momentum=1.0)
    torch.autograd.backward((expected * weight).sum())
    part = slice(rank * 5 // world, (rank + 1) * 5 // world)
    x = whole.detach()[part].clone().requires_grad_()
    y, own_mean, own_variance = normalised_together(x, 1e-5, group_name(group))
    torch.autograd.backward((y * weight[part]).sum())
    assert x.grad is not None
    assert whole.grad is not None
    return {
        "values": float((y - expected[part]).detach().abs().max()),
        "gradient": float((x.grad - whole.grad[part]).abs().max()),
        "mean": float((own_mean - mean).abs().max()),
        "variance": float((own_variance - variance).abs().max()),
    }


def learn_together(out: Path) -> None:
    """What each of the processes does; the first writes what was found."""
    ranks: Any = get_engine("torch").join()
    found: dict[str, Any] = {"world": ranks.world}
    found["plain"], found["plain_weights"] = curve(norm=False, mixup=0.4)
    found["norm"], found["norm_weights"] = curve(norm=True, engine="torch,sync_batch_norm")
    if ranks.world == 2:
        found["judged"] = judged()
        found["compiled"] = repeated("torch,compile,sync_batch_norm")
        found["one_value"] = one_value_each("torch,sync_batch_norm")
        try:
            one_value_each("torch")
        except ArgumentError as error:
            found["refused"] = str(error)
        found["off"] = max(norm_gradients(ranks.statistics, ranks.rank, ranks.world).values())
        found["off"] = max(ranks.gather(found["off"]))
        program, data = program_of(norm=True), pictures()
        part = ranks.part(BATCH)
        feeds = {"input": data.images[:BATCH][part], "targets": data.places[:BATCH][part]}
        program.step(feeds, 0.0)
        found["own_mean"] = program.weights()["norm1.mean"]
    if ranks.leads:
        np.savez(out, **found)


def launch(world: int, out: Path) -> bool:
    """Start processes with the environment that ``torchrun`` gives; whether all went well."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = []
    for rank in range(world):
        if child := os.fork():
            started.append(child)
            continue
        code = 1
        try:
            os.environ.update(
                RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world),
                MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port),
            )  # fmt: skip
            learn_together(out)
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    ended = [os.waitpid(child, 0)[1] for child in started]
    return not any(ended)


if __name__ == "__main__":
    import torch._dynamo  # what the first step and the first compilation import, once for all
    import torch._inductor.compile_fx

    folder, *worlds = sys.argv[1:]
    sys.exit(not all(launch(int(world), Path(folder) / f"{world}.npz") for world in worlds))
