"""What holds on a GPU: agreement, speed beside plain PyTorch, feeding, several processes.

    scripts/check-gpu                  on the first GPU, and on all for several processes
    scripts/check-gpu --device cpu     a rehearsal without one, with small sizes

A part that fails is named, and the others go on; what has not begun after five minutes is left out.
It leaves with 1 where a part failed, or the engine disagrees with the reference.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from benchmarks.clusters import by_hand, in_turn, ours, program_of, ratio
from pellucid.architectures import get_architecture
from pellucid.data import Dataset
from pellucid.engines import Step, get_engine
from pellucid.graph import Network, initial_weights
from pellucid.layers import Normalise, Sequential
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD
from pellucid.training import make_recipe
from pellucid.training.batch_loader import BatchLoader

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines import Program
    from pellucid.engines.engine import Precision

NETWORKS: dict[str, Precision] = {
    "lecture": "float32",
    "vgg-small": "float32",
    "resnet20": "float32",
    "mobilenet-v2": "float64",
}
"""What each is compared in. The batch norms of mobilenet-v2, the last ones of few values, enlarge
rounding: in float32 the reference is as far from itself in float64 as other engines are (0.03 of
the logits after two steps on 64×64, 0.75 after one on 32×32, where the last maps have one place).
In float64 engines agree to 2e-12 on 64×64, which they would not with a fault."""

TOLERANCE: dict[Precision, float] = {"float32": 2e-3, "float64": 1e-6}
"""Largest difference of losses and logits from the reference's, after two or three steps."""


def loaded(name: str, engine: str, side: int, precision: Precision = "float32") -> Program:
    """A network that takes colour pictures, ready to learn."""
    layers: list[Any] = [Normalise([128.0] * 3, [64.0] * 3), get_architecture(name)(10)]
    graph = Sequential(layers).graph((side, side, 3))
    step = Step.of(graph, CrossEntropy(), SGD(momentum=0.9), seed=1)
    network = Network(graph, initial_weights(graph, 0))
    return get_engine(engine).load(network, step, precision=precision)


def agreement(device: str, side: int, batch: int) -> dict[str, float]:
    """The largest difference from the reference engine's losses and logits, by network."""
    random = np.random.default_rng(0)
    found = {}
    for name, precision in NETWORKS.items():
        own, count, steps = (64, 2, 2) if precision == "float64" else (side, batch, 3)
        programs = [
            loaded(name, engine, own, precision) for engine in ("reference", f"torch:{device}")
        ]
        worst = 0.0
        for _ in range(steps):
            images = random.integers(0, 256, (count, own, own, 3), np.uint8)
            labels = random.integers(0, 10, count)
            one, other = (program.train_step(images, labels, 0.001) for program in programs)
            scale = float(np.abs(one.answers).max()) + 1.0
            apart = float(np.abs(one.answers - other.answers).max()) / scale
            worst = max(worst, abs(one.loss - other.loss), apart)
        found[name] = worst
    return found


def speed(device: str, batch: int, blocks: int, option: str) -> dict[str, dict[str, float]]:
    """Milliseconds a step with an option, and how much longer than by hand, side by side."""
    name = f"torch:{device}{option}"
    steps = {"by hand": by_hand(device), name: ours(program_of(name))}
    found = in_turn(steps, batch, blocks, 10)
    return {
        each: {
            "milliseconds": 1e3 * statistics.median(seconds),
            "of by hand": ratio(found, each, "by hand"),
        }
        for each, seconds in found.items()
    }


def feeding(device: str, side: int, batch: int, steps: int) -> dict[str, float]:
    """Pictures a second with the next batch copied while a step computes, and without."""
    images = np.random.default_rng(0).integers(0, 256, (4 * batch, side, side, 3), np.uint8)
    data = Dataset(images, np.arange(4 * batch) % 10, tuple("abcdefghij"))
    recipe = make_recipe(batch_size=batch, seed=0)
    program = loaded("resnet18", f"torch:{device}", side)
    found = {}
    for name, ready in (("after", None), ("while computing", program.fetch)):
        feed = BatchLoader(data, recipe, ready=ready)
        began = time.perf_counter()
        for step in range(steps + 3):
            if step == 3:  # the first ones prepare what all use
                began = time.perf_counter()
            pictures, labels = feed.batch(*divmod(step, feed.steps))
            program.train_step(pictures, labels, 0.001)
        found[name] = steps * batch / (time.perf_counter() - began)
    return found


def together(device: str, batch: int, blocks: int) -> list[str]:
    """What a step by several processes takes beside a loop by hand, in the words of the benchmark.

    There are as many as GPUs, at most four, by NCCL; without any two, by gloo.
    """
    count = min(4, torch.cuda.device_count()) if device.startswith("cuda") else 2
    if count < 2:
        return ["one GPU alone: several processes were not tried"]
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node",
        str(count), "-m", "benchmarks.clusters", "--device", device.partition(":")[0],
        "--batch", str(batch), "--blocks", str(blocks), "--length", "5",
    ]  # fmt: skip
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as started:
        try:
            said, wrong = started.communicate()
        except BaseException:
            started.terminate()  # it ends those that it started
            raise
    if started.returncode:
        raise RuntimeError(wrong.strip()[-2000:])
    return [f"{count} processes", *said.splitlines()]


def parts(device: str) -> dict[str, Callable[[], Any]]:
    """What is checked and measured, by name; on a processor with small sizes."""
    large = device != "cpu"
    batch, blocks = (512, 20) if large else (32, 2)
    options = {"float32": "", "bfloat16": ",precision=bfloat16", "compiled": ",compile"}
    speeds = {
        f"speed, {name}": partial(speed, device, batch, blocks, option)
        for name, option in options.items()
    }
    sizes = (224, 64, 60) if large else (32, 4, 2)
    return {
        "agreement": partial(agreement, device, 32, 4 if large else 2),
        "feeding": partial(feeding, device, *sizes),
        "several processes": partial(together, device, batch, blocks),
        **speeds,  # the last one compiles, which takes longest
    }


def measured(name: str, part: Callable[[], Any], seconds: float) -> dict[str, Any]:
    """What a part gives, or why it gave nothing; with how long it took.

    Args:
        name: Of the part.
        part: Computes it.
        seconds: After which it is broken off.
    """

    def broken_off(*_: object) -> None:
        raise TimeoutError(f"broken off after {seconds:.0f} s")

    if seconds < 1:
        return {"failed": "left out: there was no time left"}
    began = time.perf_counter()
    before = signal.signal(signal.SIGALRM, broken_off)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        found: dict[str, Any] = {"found": part()}
    except Exception as error:  # noqa: BLE001 - the other parts go on, whatever it is
        found = {"failed": f"{type(error).__name__}: {error}"}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    found["seconds"] = round(time.perf_counter() - began, 1)
    print(f"{name}: {json.dumps(found)}", file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Check and measure, print it, and leave with 1 where something is wrong."""
    given = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    given.add_argument("--device", default="cuda")
    given.add_argument("--json", type=Path, help="a file to write the figures to")
    given.add_argument("--limit", type=float, default=300, help="seconds for all together")
    asked = given.parse_args()
    end = time.perf_counter() + asked.limit
    get_engine(f"torch:{asked.device}")  # says what there is, where this is not
    cuda = asked.device.startswith("cuda")
    found: dict[str, Any] = {
        "device": torch.cuda.get_device_name(asked.device) if cuda else asked.device,
        "torch": torch.__version__,
    }
    for name, part in parts(asked.device).items():
        found[name] = measured(name, part, end - time.perf_counter())
    text = json.dumps(found, indent=1)
    print(text)
    if asked.json is not None:
        asked.json.write_text(text + "\n", encoding="utf-8")
    wrong = [
        f"{name}: {each['failed']}"
        for name, each in found.items()
        if isinstance(each, dict) and "failed" in each
    ]
    wrong += [
        f"{name} differs from the reference by {apart:.1e} (at most {TOLERANCE[NETWORKS[name]]})"
        for name, apart in found["agreement"].get("found", {}).items()
        if not apart <= TOLERANCE[NETWORKS[name]]
    ]
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
