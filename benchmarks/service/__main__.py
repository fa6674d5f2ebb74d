"""``python -m benchmarks.service``: goodput of services side by side.

    python -m venv /tmp/peers
    /tmp/peers/bin/pip install litserve fastapi "uvicorn[standard]" onnxruntime pillow
    python -m benchmarks.service --peers /tmp/peers/bin/python

The peers are installed apart, for nothing else needs them. All services run at the same time, and
one is asked at a time.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from benchmarks import machine
from benchmarks.service.contenders import CONTENDERS, running
from benchmarks.service.goodput import Search
from benchmarks.workloads import WORKLOADS
from pellucid.data.preprocessing import Preprocessing
from pellucid.estimators import load_any
from pellucid.files import Model, save_model
from pellucid.graph import Network, initial_weights

if TYPE_CHECKING:
    from benchmarks.service.load import Found

_APART = 0.01
"""How far apart probabilities may be of pictures that were resized in two ways."""

RESULTS = Path(__file__).parents[1] / "results"
LIMITS = {"lecture": 15.0, "efficientnet-lite0": 60.0}
"""Milliseconds in which 99 of 100 requests must be answered, by network."""


def main() -> None:
    """Start all, search in turn, print, write."""
    parser = argparse.ArgumentParser(description="Compare the goodput of services.")
    parser.add_argument("--peers", required=True, help="Python with fastapi and litserve")
    parser.add_argument("--network", nargs="+", choices=list(LIMITS), default=list(LIMITS))
    parser.add_argument("--contender", nargs="+", help="parts of names; default: all")
    parser.add_argument("--threads", type=int, default=2, help="or processes, of each")
    parser.add_argument("--steps", type=int, default=10, help="of the bisection")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each window")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for service.json")
    given = parser.parse_args()
    try:
        given.out.mkdir(parents=True, exist_ok=True)  # before all that takes long
    except OSError as error:
        parser.error(f"--out {given.out}: expected a folder ({error.strerror})")
    values: dict[str, Any] = {"machine": machine.describe(), "load": os.getloadavg()[0]}
    for network in given.network:
        values[network] = _compare(network, given)
    (given.out / "service.json").write_text(json.dumps(values, indent=1) + "\n")


def _compare(network: str, given: argparse.Namespace) -> list[dict[str, Any]]:
    limit = LIMITS[network]
    chosen = [
        each for each in CONTENDERS
        if not given.contender or any(part in each.name for part in given.contender)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        model, onnx, picture = _made(network, Path(folder))
        searches = [
            Search(
                stack.enter_context(
                    running(each, given.peers, model, onnx, picture, given.threads)
                ),
                limit,
            )
            for each in chosen
        ]
        _check_alike(searches)
        for step in range(given.steps):
            for search in searches:
                found = search.step(given.seconds, 2 * step)
                _progress(search.service.contender.name, found)
    return _table(network, limit, searches)


def _check_alike(searches: list[Search]) -> None:
    """All must do the same work: else one of them is asked for less."""
    first, *others = (search.service for search in searches)
    for each in others:
        if abs(each.likeliest - first.likeliest) > _APART:
            raise SystemExit(
                f"{each.contender.name} gives the likeliest class {each.likeliest:.4f}, "
                f"{first.contender.name} {first.likeliest:.4f}: they do not compute the same"
            )


def _progress(name: str, found: Found) -> None:
    print(
        f"  {name}: {found.rate:.0f}/s, {100 * found.answered:.1f} % answered, "
        f"p99 {found.latencies.get('99')} ms, {found.cost:.2f} ms of processors a request; "
        f"generator {100 * found.share:.0f} % of a core, {found.late:.1f} ms late",
        file=sys.stderr,
        flush=True,
    )


def _table(network: str, limit: float, searches: list[Search]) -> list[dict[str, Any]]:
    print(f"\n{network}, p99 ≤ {limit:g} ms\n")
    print(
        "| service | goodput, requests/s | median, ms | p99, ms | processors, ms a request | "
        "generator's share of a core |"
    )
    print("|---|---|---|---|---|---|")
    rows = []
    for search in searches:
        best, name = search.best, search.service.contender.name
        rows.append({"service": name, "windows": [asdict(found) for found in search.found]})
        if best is None:
            print(f"| {name} | none in time | – | – | – | – |")
            continue
        marks = best.latencies
        print(
            f"| {name} | {best.rate:.0f} | {marks['50']:.1f} | {marks['99']:.1f} | "
            f"{best.cost:.2f} | {100 * best.share:.0f} % |"
        )
    return rows


def _made(network: str, folder: Path) -> tuple[Path, Path, bytes]:
    """The model in our format and as ONNX, and a picture of its size."""
    onnx, model = folder / "model.onnx", folder / f"{network}.safetensors"
    random = np.random.default_rng(0)
    if network == "lecture":
        _lecture(model)
        pixels = random.integers(0, 256, (28, 28), np.uint8)
        kind = "PNG"
    else:
        model = Path(network)  # the name of trained weights
        small = Image.fromarray(random.integers(0, 256, (14, 14, 3), np.uint8))
        pixels = np.asarray(small.resize((224, 224), Image.Resampling.BICUBIC))
        kind = "JPEG"
    settings = load_any(str(model)).model_.preprocessing.to_dict()
    onnx.with_suffix(".json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pellucid", "export", str(model), "-o", str(onnx)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return model, onnx, file.getvalue()


def _lecture(path: Path) -> None:
    """The lecture's network with weights as before training: its speed is that of any weights."""
    graph = WORKLOADS["lecture28"].graph
    network = Network(graph, initial_weights(graph, seed=0))
    digits = tuple(map(str, range(10)))
    save_model(path, Model(network, digits, Preprocessing(28, 28, 1), {"seed": 0}))


if __name__ == "__main__":
    main()
