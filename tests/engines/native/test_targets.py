"""Code for processors of all widths: written for each on any machine, and run where it can be."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from pellucid.engines.native import compile as compiling
from pellucid.engines.native.lower import learning as compiled_learning
from pellucid.engines.native.processor import Processor, this_processor
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.runtime.host.machine import LEVEL
from pellucid.engines.native.runtime.host.system import POSIX
from pellucid.engines.native.runtime.host.team_code import team_text
from pellucid.engines.reference import ReferenceEngine
from pellucid.ops import MeanSquaredError
from pellucid.optimizers import SGD
from tests.engines.native.programs import LEARNING, SMALL
from tests.engines.networks import GRAPHS, batch, network
from tests.engines.tolerances import TOLERANCES, assert_all_close, assert_close
from tests.learning import Learning, step_of

X86, ARM = "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"
X86_PAUSE, ARM_PAUSE = "@llvm.x86.sse2.pause()", "@llvm.aarch64.hint(i32 1)"

PROCESSORS = {
    "AVX-512": Processor(X86, "skylake-avx512", "", 16, 32, X86_PAUSE),
    "AVX2": Processor(X86, "haswell", "", 8, 16, X86_PAUSE),
    "SSE4": Processor(X86, "nehalem", "", 4, 16, X86_PAUSE),
    "NEON": Processor(ARM, "generic", "", 4, 32, ARM_PAUSE),
    "NEON on a Mac": Processor("arm64-apple-darwin", "apple-m1", "", 4, 32, ARM_PAUSE),
    "AVX2 on Windows": Processor("x86_64-pc-windows-msvc", "haswell", "", 8, 16, X86_PAUSE),
}

FUSED = {  # or, where the processor has none, a multiplication and an addition
    "AVX-512": [r"vfn?madd\d+ps\s.*%zmm"],
    "AVX2": [r"vfn?madd\d+ps\s.*%ymm"],
    "SSE4": [r"mulps\s.*%xmm", r"addps\s.*%xmm"],
    "NEON": [r"fmla\s+v\d+\.4s, v\d+\.4s, v\d+"],
    "NEON on a Mac": [r"fmla(\.4s)?\s+v\d+, v\d+, v\d+|fmla\s+v\d+\.4s"],
    "AVX2 on Windows": [r"vfn?madd\d+ps\s.*%ymm"],
}

WIDER = {"AVX2": "%zmm", "SSE4": "%ymm|%zmm", "AVX2 on Windows": "%zmm"}
"""Registers that the processor does not have."""

CLIPPED = Learning(MeanSquaredError(), SGD(clip_norm=1.0))

CALL = re.compile(r"^\s+(?:callq?|jmp|bl|b)\s+_?(?!LBB)([A-Za-z]\w*)", re.MULTILINE)
"""Calls by name; jumps to another function count too, jumps within one go to .LBB… or LBB…."""


def assembly(text: str, processor: Processor) -> str:
    """What LLVM makes of a text for a processor, which need not be this one."""
    from llvmlite import binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target: Any = llvm.Target.from_triple(processor.triple).create_target_machine(
        cpu=processor.name, features=processor.features, opt=LEVEL, codemodel="small"
    )
    return str(target.emit_assembly(llvm.parse_assembly(text)))


def code_for(name: str, processor: Processor) -> str:
    graph = SMALL if name == "small" else GRAPHS[name]
    step = step_of(graph, LEARNING if name == "small" else CLIPPED)
    assert step is not None
    learning = compiled_learning.Learning.of(step)
    code = compiling.write(graph, processor, capacity=8, threads=2, learning=learning)
    return code.text


@pytest.mark.parametrize(
    ("name", "graph"),
    [
        *((name, "small") for name in PROCESSORS),
        *((name, "every operation") for name in ("AVX-512", "AVX2", "SSE4", "NEON")),
    ],
)
def test_written_for(name: str, graph: str) -> None:
    text = code_for(graph, PROCESSORS[name])
    found = assembly(text, PROCESSORS[name])
    for pattern in FUSED[name]:
        assert len(re.findall(pattern, found)) > 100, pattern
    if name in WIDER:
        assert not re.findall(WIDER[name], found)
    # Nothing is left to libraries: no fmaf, no expf, no memset.
    own = set(re.findall(r"^define void @(\w+)", text, re.MULTILINE))
    called = set(CALL.findall(found))
    assert "meet" in called
    assert called <= own | set(POSIX), called - own - set(POSIX)


@pytest.mark.parametrize(
    ("name", "sum_"), [("AVX-512", r"%zmm(\d+)$"), ("NEON", r"fmla\s+v(\d+)\.")]
)
def test_tiles_fill_more_registers_where_there_are_more(name: str, sum_: str) -> None:
    found = assembly(code_for("lecture", PROCESSORS[name]), PROCESSORS[name])
    sums = [
        set(re.findall(sum_, loop, re.MULTILINE))
        for loop in re.split(r"^\.?LBB\w+:", found, flags=re.MULTILINE)
        if re.search(FUSED[name][0], loop)
    ]
    assert max(map(len, sums)) >= 24


@pytest.mark.parametrize("name", PROCESSORS)
def test_a_team_for(name: str) -> None:
    processor = PROCESSORS[name]
    found = assembly(team_text(processor.triple, processor.pause), processor)
    assert set(CALL.findall(found)) <= {"work", "announce", *POSIX}
    flushes = "fpcr" if processor.triple.startswith(("aarch64", "arm64")) else "ldmxcsr"
    assert flushes in found.lower()


def here() -> dict[str, Processor]:
    """Kinds of code that this processor can run."""
    from llvmlite import binding as llvm

    processor, features = this_processor(), llvm.get_host_cpu_features()
    kinds = {
        "its own": processor,
        "four lanes": replace(processor, lanes=4, registers=16),
        # Wherever registers are narrower or fewer, LLVM cuts vectors up and keeps sums in memory.
        "sixteen lanes": replace(processor, lanes=16, registers=32),
    }
    if "x86" in processor.pause:
        kinds["SSE4"] = replace(processor, name="nehalem", features="", lanes=4, registers=16)
    if features.get("avx2"):
        kinds["avx2"] = replace(processor, lanes=8, registers=16)
    return kinds


@pytest.mark.parametrize("kind", here())
def test_run_here(kind: str) -> None:
    network_ = network(GRAPHS["every operation"])
    images, labels = batch(network_.graph, 7)
    tolerance = TOLERANCES["float32"]
    theirs = ReferenceEngine().load(network_, step_of(network_, LEARNING))
    step = step_of(network_, LEARNING)
    assert step is not None
    ours = NativeProgram(network_, {"train": step}, 2, here()[kind])
    assert_close("answer", ours.forward(images), theirs.forward(images), tolerance)
    actual, expected = (program.train_step(images, labels, 0.01) for program in (ours, theirs))
    assert actual.loss == pytest.approx(expected.loss, rel=tolerance)
    assert_all_close(ours.weights(), theirs.weights(), 10 * tolerance)
