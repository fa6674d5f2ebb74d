"""Pages of every architecture in a browser, compared with the native engine number by number.

``python -m tests.page.check [NAMES]`` writes each page, opens it in Chromium, and prints a table:
layers, the file's size, how long writing, opening and computing take, and how many of all values,
gradients at values and gradients of weights have the engine's bits. Weights are drawn at random.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.architectures import ARCHITECTURES, PUBLISHED
from pellucid.cores import available_threads
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import get_engine
from pellucid.files import Model
from pellucid.graph import Network
from pellucid.layers import Normalise, Sequential
from pellucid.page import make_page
from pellucid.page.page import MOST_BYTES
from pellucid.page.samples import Samples
from tests.engines.networks import (
    every_operation,
    further_operations,
    network,
    region_operations,
    resampling_operations,
    sequence_operations,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.graph import Graph
    from pellucid.layers import Block

ROOT = Path(__file__).parents[2]
OPERATIONS = {
    "every operation": every_operation,
    "further operations": further_operations,
    "resampling operations": resampling_operations,
    "region operations": region_operations,
    "sequence operations": sequence_operations,
}
CLASSES = 1000
"""Of architectures for photographs, with long names."""
SIDE = 64
"""Pixels of the side of photographs, where the architecture does not need more."""


@dataclass(frozen=True)
class Compared:
    """How a kind of numbers agrees: how many of all have the same bits, and how far others are."""

    same: int
    all: int
    apart: float

    def __str__(self) -> str:
        if self.same == self.all:
            return f"all {self.all:,}".replace(",", " ")
        return f"{self.same / self.all:.2%}; others within {self.apart:.1e}"


def input_of(name: str) -> tuple[int, int, int]:
    """The pictures of an architecture; photographs are as small as it allows, at least 64×64."""
    published = PUBLISHED.get(name)
    height, width, channels = (28, 28, 1) if published is None else published.input_shape
    if height > SIDE and name not in ("alexnet", "zfnet"):
        height, width = SIDE, SIDE
    return height, width, channels


def graph_of(name: str) -> Graph:
    """The graph of a name, with the classes that it was published with."""
    if name in OPERATIONS:
        return OPERATIONS[name]()
    shape = input_of(name)
    layers: list[Block] = [
        Normalise([100.0] * shape[2], [60.0] * shape[2]),
        ARCHITECTURES[name](CLASSES if name in PUBLISHED else 10),
    ]
    return Sequential(layers).graph(shape)


def model_of(name: str) -> tuple[Model, Samples]:
    """A model with weights of its own, and a picture."""
    graph = graph_of(name)
    height, width, channels = graph.input_shape
    (count,) = graph.output_shape
    names = tuple(f"class number {k} of a name that is long enough to wrap" for k in range(count))
    drawn = network(graph)
    # as a model file keeps them, and as a page's size is counted
    weights = {name: np.asarray(array, np.float32) for name, array in drawn.weights.items()}
    model = Model(Network(graph, weights), names, Preprocessing(height, width, channels))
    pixels = np.random.default_rng(3).integers(0, 256, (1, *graph.input_shape), np.uint8)
    return model, Samples(pixels, ("noise",), (None,))


def expected(model: Model, pixels: NDArray[np.uint8], seed: NDArray[Any]) -> dict[str, Any]:
    """The native engine's values and gradients, by kind and name."""
    program = get_engine("native").load(model.network)
    graph = program.graph
    trainable = [str(name) for name, each in graph.parameters.items() if each.trainable]
    found = program.differentiate(
        graph, {graph.input: pixels}, {graph.output: seed[None]},
        values=graph.types, weights=trainable,
    )  # fmt: skip
    return {
        "value": program.values(pixels),
        "gradient": found.values,
        "weight": found.weights,
    }


def compared(
    described: list[tuple[str, str, int]], floats: NDArray[np.float32], wanted: dict[str, Any]
) -> dict[str, Compared]:
    """Each kind of numbers beside the engine's; differences as shares of the largest of an array.

    Raises:
        AssertionError: The page lacks an array.
    """
    counts: dict[str, list[float]] = {kind: [0, 0, 0.0] for kind in wanted}
    seen = set()
    start = 0
    for kind, name, length in described:
        ours = floats[start : start + length]
        start += length
        theirs = np.asarray(wanted[kind][name], np.float32).reshape(-1)
        assert ours.shape == theirs.shape, (kind, name)
        seen.add((kind, name))
        total = counts[kind]
        total[0] += int((ours.view(np.uint32) == theirs.view(np.uint32)).sum())
        total[1] += length
        scale = max(float(np.abs(theirs).max(initial=0)), float(np.finfo(np.float32).tiny))
        total[2] = max(total[2], float(np.abs(ours - theirs).max(initial=0)) / scale)
    for name in wanted["weight"]:
        assert ("weight", name) in seen, name
    return {kind: Compared(int(a), int(b), c) for kind, (a, b, c) in counts.items()}


def check(name: str, folder: Path) -> dict[str, Any]:
    """Write a page, open it, and compare: one row of the table."""
    model, samples = model_of(name)
    begun = time.perf_counter()
    page = make_page(model, samples, title=name)
    file = folder / "page.html"
    page.save(file)
    written = time.perf_counter() - begun
    (count,) = model.network.graph.output_shape
    seed = np.random.default_rng(4).normal(size=count).astype(np.float32)
    (folder / "seed.json").write_text(json.dumps(seed.tolist()))
    done = subprocess.run(
        ["node", "tools/measure.mjs", file, folder / "seed.json", folder / "out.bin"],
        cwd=ROOT / "web", capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr.strip()[-400:]}")
    found = json.loads(done.stdout)
    floats = np.fromfile(folder / "out.bin", "<f4")
    agreed = compared(found["arrays"], floats, expected(model, samples.pixels, seed))
    return {
        "name": name,
        "input": "×".join(map(str, model.network.graph.input_shape)),
        "layers": len(model.network.graph.nodes),
        "megabytes": file.stat().st_size / 1e6,
        "written": written,
        "opened": found["opened"] / 1000,
        "forward": found["forward"],
        "said": found["said"],
        **agreed,
    }


def architectures() -> list[str]:
    """Those that a page may hold."""
    return [
        name
        for name in ARCHITECTURES
        if sum(np.prod(p.shape) for p in graph_of(name).parameters.values()) * 4 <= MOST_BYTES
    ]


def main() -> int:
    """Print the table; 1 if a page's values are not the engine's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    sys.stdout.write(
        f"{platform.machine()}, {available_threads()} threads{os.linesep}"
        "| network | input | layers | file, MB | writing, s | opening, s | forward, ms | values "
        "| gradients at values | gradients of weights |\n" + "|---" * 10 + "|\n"
    )
    failed = 0
    for name in given.names or [*OPERATIONS, *architectures()]:
        with tempfile.TemporaryDirectory() as folder:
            row = check(name, Path(folder))
        failed += "✓" not in row["said"] or row["value"].same != row["value"].all
        sys.stdout.write(
            f"| {name} | {row['input']} | {row['layers']} | {row['megabytes']:.1f} "
            f"| {row['written']:.1f} | {row['opened']:.2f} | {row['forward']:.2f} "
            f"| {row['value']} | {row['gradient']} | {row['weight']} |\n"
        )
        sys.stdout.flush()
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
