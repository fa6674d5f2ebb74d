"""README's example, and commands, with what an environment has that holds the wheel alone.

It is run by that environment's interpreter, in a folder with README.md and digit-7.png.
"""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from unittest.mock import patch

import pellucid as pl

BUILT_IN = 70_000  # digits
COMMANDS = (
    "--version",
    "summary lecture --input 28x28x1",
    "evaluate digits.safetensors mnist --out report",
    "predict digits.safetensors digit-7.png --top 3",
    "trace digits.safetensors digit-7.png --out seven.html",
    "explain digits.safetensors digit-7.png --out evidence.png",
    "page digits.safetensors mnist --out net.html",
    "train part.npz --epochs 1 --architecture lenet5 --out runs/lenet",
)


def main() -> None:
    """Run all of it; what fails ends it."""
    installed = Path(pl.__file__).parent
    assert installed.is_relative_to(sys.prefix), installed
    files = importlib.metadata.files("pellucid") or []
    licences = {
        file.name for file in files if file.name.lower().startswith(("license", "licences"))
    }
    assert {"LICENSE", "LICENSE-MNIST", "licences.md"} <= licences, licences
    assert (installed / "py.typed").is_file()
    example()
    for command in COMMANDS:
        run(command)
    page = Path("net.html").read_text(encoding="utf-8")
    assert "http://" not in page.replace("http://www.w3.org/", "")
    print(f"README's example and {len(COMMANDS)} commands work: {installed}")


def example() -> None:
    """README's first example, on few of the digits that the wheel has, and its second."""
    import numpy as np

    from pellucid.data import Splits

    full = pl.data.load("mnist")
    assert full.validation is not None
    assert full.test is not None
    assert sum(map(len, (full.train, full.validation, full.test))) == BUILT_IN
    few = Splits(
        full.train.subset(range(2000)),
        full.validation.subset(range(300)),
        full.test.subset(range(300)),
    )
    names: dict[str, object] = {}
    readme = Path("README.md").read_text(encoding="utf-8")
    with patch.object(pl.data, "load", {"mnist": few}.__getitem__):
        for block in re.findall(r"```python\n(.*?)```", readme, re.DOTALL):
            exec(block, names)  # noqa: S102 - README is ours
    again = names["again"]
    assert isinstance(again, pl.ImageClassifier)
    assert again.score(few.test or few.train) > 0.8
    np.savez("part.npz", x=few.train.images, y=few.train.places)


def run(command: str) -> None:
    """One command, in a process of its own, as a shell starts it."""
    program = Path(sys.executable).with_name("pellucid")
    begun = perf_counter()
    subprocess.run([program, *command.split()], check=True, stdout=subprocess.PIPE)
    print(f"pellucid {command}: {perf_counter() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main()
