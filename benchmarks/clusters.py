"""Steps by several processes beside a hand-written loop; and the torch engine's options.

    torchrun --nproc-per-node 2 -m benchmarks.clusters     beside a loop of one's own
    python -m benchmarks.clusters                          each option of the torch engine
    … --device cuda                                        on GPUs, one a process

Both loops train the lecture's network on the same batches, in turn, a block of steps each, so that
whatever else the machine does disturbs both alike. The figure is the median over pairs of blocks.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from pellucid.architectures import get_architecture
from pellucid.engines import Step, get_engine
from pellucid.graph import Network, initial_weights
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.engines import Program

SIZE, RATE = 28, 0.01
OPTIONS = ("", ",channels_last=off", ",precision=bfloat16", ",compile")


def plain() -> nn.Module:
    """The lecture's network, as one writes it in PyTorch."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * (SIZE // 4) ** 2, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def by_hand(device: str) -> Callable[[NDArray[Any], NDArray[Any]], float]:
    """A step of a loop of one's own; it returns the loss of this process's pictures."""
    module = plain().to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if torch.distributed.is_initialized():
        own = [torch.device(device)] if device.startswith("cuda") else None
        module = DistributedDataParallel(module, device_ids=own)
    optimizer = torch.optim.SGD(module.parameters(), lr=RATE, momentum=0.9)
    measure = nn.CrossEntropyLoss()

    def step(images: NDArray[Any], labels: NDArray[Any]) -> float:
        x = torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float()
        wanted = torch.from_numpy(labels).to(device)
        optimizer.zero_grad()
        loss = measure(module(x), wanted)
        torch.autograd.backward(loss)
        optimizer.step()
        return float(loss.detach())

    return step


def program_of(engine: str) -> Program:
    """The lecture's network on the torch engine, ready to learn."""
    graph = get_architecture("lecture")(10).graph((SIZE, SIZE, 1))
    step = Step.of(graph, CrossEntropy(), SGD(momentum=0.9))
    return get_engine(engine).load(Network(graph, initial_weights(graph, 0)), step)


def ours(program: Program) -> Callable[[NDArray[Any], NDArray[Any]], float]:
    """A step as the training loop takes it; it returns the loss of the whole batch."""

    def step(images: NDArray[Any], labels: NDArray[Any]) -> float:
        result = program.train_step(images, labels, RATE)
        loss, *_ = program.ranks.sum([result.loss, result.loss, result.correct, len(images)])
        program.ranks.sum([0.0] * (1 + program.ranks.world) if program.ranks.world > 1 else [])
        return loss

    return step


def batch_of(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pictures and labels drawn by a seed."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (count, SIZE, SIZE, 1), np.uint8)
    return images, random.integers(0, 10, count)


def in_turn(
    steps: dict[str, Callable[..., float]], batch: int, blocks: int, length: int
) -> dict[str, list[float]]:
    """Seconds a step of each, block by block."""
    images, labels = batch_of(batch, 0)
    found: dict[str, list[float]] = {name: [] for name in steps}
    for name, step in steps.items():
        for _ in range(3):  # compiles, and fills caches
            step(images, labels)
        found[name].clear()
    for block in range(blocks):
        order = list(steps) if block % 2 == 0 else list(reversed(steps))
        for name in order:
            began = time.perf_counter()
            for _ in range(length):
                steps[name](images, labels)
            found[name].append((time.perf_counter() - began) / length)
    return found


def ratio(found: dict[str, list[float]], name: str, base: str) -> float:
    """The median over blocks of how much longer one takes than another."""
    return statistics.median(ratios(found, name, base))


def ratios(found: dict[str, list[float]], name: str, base: str) -> list[float]:
    """How much longer one takes than another, block by block."""
    return [a / b for a, b in zip(found[name], found[base], strict=True)]


def main() -> None:
    """Measure, and print a line for each."""
    given = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    given.add_argument("--batch", type=int, default=128, help="pictures of a whole batch")
    given.add_argument("--blocks", type=int, default=20)
    given.add_argument("--length", type=int, default=10, help="steps of a block")
    given.add_argument("--device", default="cpu", help="cuda: of several processes, one each")
    asked = given.parse_args()
    name = f"torch:{asked.device}"
    engine: Any = get_engine(name)
    ranks = engine.join()
    if ranks.world == 1:
        steps = {option or "default": ours(program_of(f"{name}{option}")) for option in OPTIONS}
        base = "default"
    else:
        steps = {"by hand": by_hand(str(engine.device)), "pellucid": ours(program_of(name))}
        base = "by hand"
    part = ranks.part(asked.batch)
    found = in_turn(steps, part.stop - part.start, asked.blocks, asked.length)
    if not ranks.leads:
        return
    for name, seconds in found.items():
        milliseconds = 1e3 * statistics.median(seconds)
        line = f"{name:24} {milliseconds:8.2f} ms a step"
        if name != base:
            low, middle, high = statistics.quantiles(ratios(found, name, base), n=4)
            line += f"   {middle:.3f} of {base} (half of the blocks {low:.3f} to {high:.3f})"
        print(line)


if __name__ == "__main__":
    main()
