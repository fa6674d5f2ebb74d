"""Networks compiled for every target, linked, run, compared with the engine: ``scripts/targets``.

Each is linked with a program that uses no library, ``compiled_network.c``, and run:
here on x86-64, the foreign ones under ``qemu-user``. Names of networks choose some; ``--json``.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.architectures import get_architecture
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import get_engine
from pellucid.engines.native.runtime.embedded.platforms import PLATFORMS
from pellucid.files import Model
from pellucid.graph import Network, initial_weights
from pellucid.interop.c.compiling import CompiledModel, compile_model
from pellucid.ops.softmax import probabilities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.ops.operation import Array, Shape

ROOT = Path(__file__).parent.parent
PROGRAM = ROOT / "benchmarks" / "compiled_network.c"

COMPILERS = {
    "x86_64": "gcc",
    "aarch64": "aarch64-linux-gnu-gcc",
    "thumbv7em": "arm-none-eabi-gcc",
    "riscv32": "riscv64-unknown-elf-gcc",
}
RUNNERS = {
    "x86_64": [],
    "aarch64": ["qemu-aarch64"],
    "thumbv7em": ["qemu-arm", "-cpu", "max"],  # whose user mode has no Cortex-M
    "riscv32": ["qemu-riscv32"],
}
FLAGS = [
    "-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-ffreestanding",
    "-nostdlib", "-static", "-fno-stack-protector", "-fno-tree-loop-distribute-patterns",
    "-Wl,-z,noexecstack",
]  # fmt: skip

NETWORKS: dict[str, tuple[Shape, int, tuple[str, ...]]] = {
    "lecture": ((28, 28, 1), 100, tuple(PLATFORMS)),
    "lenet5": ((28, 28, 1), 100, tuple(PLATFORMS)),
    "resnet20": ((32, 32, 3), 3, tuple(PLATFORMS)),
    "squeezenet-1.1": ((64, 64, 3), 3, ("x86_64", "aarch64")),
    "efficientnet-lite0": ((224, 224, 3), 1, ("x86_64", "aarch64")),
}
"""Of each architecture the input's shape, how many pictures are computed, and what for."""


def model(name: str) -> Model:
    """An architecture with initial weights, of 10 classes."""
    height, width, channels = shape = NETWORKS[name][0]
    graph = get_architecture(name)(10).graph(shape)
    network = Network(graph, initial_weights(graph, 0))
    classes = [str(number) for number in range(10)]
    return Model(network, classes, Preprocessing(height, width, channels))


def linked(made: CompiledModel, folder: Path) -> Path:
    """The program of a compiled network."""
    files, out = made.save(folder), folder / "program"
    names = [f"-DNAME={made.name}", f"-DBIG={made.name.upper()}", f'-DHEADER="{files[1].name}"']
    own = PLATFORMS[made.target].flags.split()
    arguments = [*FLAGS, *own, *names, f"-I{folder}", "-o", str(out), str(PROGRAM), str(files[0])]
    subprocess.run([COMPILERS[made.target], *arguments], check=True)
    return out


def compare(found: Model, target: str, images: Array, folder: Path) -> dict[str, Any]:
    """What a compiled network gives for pictures, beside what the engine gives."""
    made = compile_model(found, target, "net")
    program = linked(made, folder)
    began = time.perf_counter()
    done = subprocess.run(
        [*RUNNERS[target], str(program)], input=images.tobytes(), capture_output=True, check=True
    )
    seconds = time.perf_counter() - began
    numbers = np.frombuffer(done.stdout, np.float32)
    rows = numbers[1:].reshape(len(images), -1)
    count = (rows.shape[1] - 1) // 2
    logits = get_engine("native").load(found.network).forward(images)
    own = rows[:, 1 : 1 + count]
    return {
        **{key: made.to_dict()[key] for key in ("code_bytes", "weight_bytes", "work_bytes")},
        "undefined": sorted(made.made.described.undefined),
        "self_test": float(numbers[0]),
        "largest_logit": float(np.abs(logits).max()),
        "difference": float(np.abs(own - logits).max()),
        "probabilities": float(np.abs(rows[:, 1 + count :] - probabilities(own)).max()),
        "same_answers": bool((rows[:, 0] == logits.argmax(axis=1)).all()),
        "seconds": seconds,
    }


def compared(names: list[str]) -> Iterator[dict[str, Any]]:
    """Every network on every one of its targets."""
    for name in names:
        shape, count, targets = NETWORKS[name]
        found = model(name)
        images = np.random.default_rng(1).integers(0, 256, (count, *shape), np.uint8)
        for target in targets:
            with TemporaryDirectory() as folder:
                values = compare(found, target, images, Path(folder))
            yield {"network": name, "target": target, "pictures": count, **values}


def example() -> str:
    """The whole program of ``docs/compile.md``, compiled by gcc and run on a picture."""
    text = (ROOT / "docs" / "compile.md").read_text(encoding="utf-8")
    (program,) = (
        block for block in re.findall(r"```c\n(.*?)```", text, re.DOTALL) if "main(" in block
    )
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "main.c").write_text(program)
        picture = np.random.default_rng(1).integers(0, 256, (28, 28), np.uint8)
        (folder / "a.pgm").write_bytes(b"P5 28 28 255\n" + picture.tobytes())
        _, made = compile_model(model("lenet5"), "x86_64", "digits").save(folder)
        strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-std=c99", "-O2"]
        files = ["main.c", made.with_suffix(".o").name, "-o", "classify"]
        subprocess.run([COMPILERS["x86_64"], *strict, *files], cwd=folder, check=True)
        done = subprocess.run(["./classify", "a.pgm"], cwd=folder, check=True, capture_output=True)
        return done.stdout.decode().strip()


def main() -> int:
    """Compare, and print a table."""
    asked = [name for name in sys.argv[1:] if not name.startswith("--")]
    programs = [*COMPILERS.values(), *(runner[0] for runner in RUNNERS.values() if runner)]
    if missing := [program for program in programs if shutil.which(program) is None]:
        print(
            f"{', '.join(missing)}: not found; on Debian and Ubuntu: apt install gcc "
            "gcc-aarch64-linux-gnu gcc-arm-none-eabi gcc-riscv64-unknown-elf qemu-user"
        )
        return 1
    rows = []
    print("| network | for | code | weights | written | largest logit | largest difference |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for row in compared(asked or [*NETWORKS]):
        rows.append(row)
        print(
            f"| `{row['network']}` | `{row['target']}` | {row['code_bytes']:,} | "
            f"{row['weight_bytes']:,} | {row['work_bytes']:,} | {row['largest_logit']:.4g} | "
            f"{row['difference']:.2g} |",
            flush=True,
        )
    print(f"the example: {example()}")
    if "--json" in sys.argv:
        print(json.dumps(rows, indent=1))
    wrong = [
        f"{row['network']} for {row['target']}"
        for row in rows
        if not row["same_answers"]
        or row["probabilities"] > 1e-6
        or not max(row["difference"], row["self_test"]) <= 1e-5 * row["largest_logit"]
    ]
    print(f"wrong: {', '.join(wrong)}" if wrong else "all agree")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
