"""``python -m benchmarks.spills``: registers that inner loops keep in memory, for every processor.

A value that finds no register is written to the stack and read from there again. Before and after a
loop that costs nothing to speak of; inside an innermost one it takes the place of what the loop is
for. So the code of networks is made for processors of all widths, which need not be this one, and
in each innermost loop the vectors are counted that go to the stack or come from it.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.tables import markdown
from pellucid.architectures import get_architecture
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines.native.assemble import assembly
from pellucid.engines.native.compile import write
from pellucid.engines.native.lower.learning import Learning
from pellucid.engines.native.target import Target
from pellucid.engines.step import Step
from pellucid.files import Model
from pellucid.graph import Network, initial_weights
from pellucid.graph.fold import fold
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD
from pellucid.quantisation import to_bfloat16

if TYPE_CHECKING:
    from pellucid.graph import Graph

X86, ARM = "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"
NARROW = "+avx512vnni,+avx512bf16"

PROCESSORS = {
    "AVX-512": Target(X86, "skylake-avx512", "", 16, 32),
    "AVX-512 VNNI, BF16": Target(X86, "cooperlake", NARROW, 16, 32),
    "AVX2": Target(X86, "haswell", "", 8, 16),
    "SSE4": Target(X86, "nehalem", "", 4, 16),
    "NEON": Target(ARM, "generic", "", 4, 32),
}

NETWORKS = {
    "lecture": (28, 28, 1),
    "lenet5": (28, 28, 1),
    "resnet20": (32, 32, 3),
    "vgg-small": (32, 32, 3),
    "mobilenet-v2": (64, 64, 3),
    "googlenet": (64, 64, 3),
}
"""Of each architecture the input's shape."""

WAYS = ("training", "inference", "bfloat16")

_LABEL = re.compile(r"^(\.?L\w+):(.*)$")
_FUNCTION = re.compile(r"^(\w+):\s")
_INNER = "Inner Loop Header"
_PART = re.compile(r"in Loop: Header=(\w+)")
_MULTIPLIES = re.compile(r"fn?madd|fmla|fmls|mulps|vpdp|pmadd|dpbf16")
_ON_STACK = re.compile(r"(\d+)-byte (?:Folded )?(Spill|Reload)")


@dataclass(frozen=True)
class Loop:
    """An innermost loop of machine code.

    Attributes:
        function: That it is of.
        instructions: How many it has.
        multiplies: How many of them multiply vectors.
        spills: Vectors that it writes to the stack.
        reloads: Vectors that it reads from there.
    """

    function: str
    instructions: int
    multiplies: int
    spills: int
    reloads: int

    @property
    def share(self) -> float:
        """Vectors that go to the stack or come from it, of all its instructions."""
        return (self.spills + self.reloads) / self.instructions


def inner_loops(code: str) -> list[Loop]:
    """The innermost loops of assembly language with LLVM's comments, in their order."""
    found: dict[str, Counter[str]] = {}
    function = header = ""
    for line in code.splitlines():
        if (named := _FUNCTION.match(line)) and not line.startswith(".L"):
            function, header = named[1], ""
            continue
        if label := _LABEL.match(line):
            header = label[1]
        if "%bb." in line and line.lstrip().startswith(("#", "//")):
            header = ""  # a block that is not jumped to; its loop is named next
        if part := _PART.search(line):
            header = f".L{part[1]}" if not part[1].startswith(".L") else part[1]
        if _INNER in line:
            found[f"{function} {header}"] = Counter()
        here = found.get(f"{function} {header}")
        if here is None or not line.startswith("\t") or line.startswith(("\t.", "\t#", "\t//")):
            continue
        here["instructions"] += 1
        here["multiplies"] += bool(_MULTIPLIES.search(line))
        for size, kind in _ON_STACK.findall(line):
            here[kind] += int(size) >= 16
    return [
        Loop(
            name.split()[0], counts["instructions"], counts["multiplies"], counts["Spill"],
            counts["Reload"],
        )
        for name, counts in found.items()
    ]  # fmt: skip


def network(name: str) -> Network:
    """An architecture with initial weights, of 10 classes."""
    graph = get_architecture(name)(10).graph(NETWORKS[name])
    return Network(graph, initial_weights(graph, 0))


def text_of(found: Network, way: str, target: Target) -> str:
    """A network's code in LLVM's assembly language."""
    graph: Graph = found.graph
    learning = None
    if way == "training":
        learning = Learning.of(Step.of(graph, CrossEntropy(), SGD(0.1, momentum=0.9)))
        graph = learning.graph
    elif way == "bfloat16":
        height, width, channels = graph.input_shape
        shown = Preprocessing(height, width, channels)
        model = Model(found, [str(n) for n in range(10)], shown)
        graph = to_bfloat16(model).model.network.graph
    else:
        graph = fold(graph).graph
    return write(graph, target, capacity=8, learning=learning).text


def main() -> None:
    """Count, and print the worst loops."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=[*NETWORKS], help=", ".join(NETWORKS))
    parser.add_argument("--worst", type=int, default=10, help="loops shown for each processor")
    given = parser.parse_args()
    for kind, target in PROCESSORS.items():
        loops = {
            (name, way, loop)
            for name in given.networks
            for way in WAYS
            for loop in inner_loops(assembly(text_of(network(name), way, target), target))
        }
        spoiled = [each for each in loops if each[2].spills + each[2].reloads]
        print(
            f"\n## {kind}: {len(loops)} innermost loops, {len(spoiled)} with vectors on the stack\n"
        )
        rows = [
            [
                name,
                way,
                loop.function,
                *map(str, (loop.instructions, loop.multiplies, loop.spills, loop.reloads)),
            ]
            for name, way, loop in sorted(spoiled, key=lambda each: -each[2].share)[: given.worst]
        ]
        head = ["network", "way", "function", "instructions", "multiplications", "written", "read"]
        print(markdown(head, rows))


if __name__ == "__main__":
    main()
