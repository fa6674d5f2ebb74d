"""Code for processors of all widths: written for each on any machine, and run where it can be."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from pellucid.engines.native import compile as compiling
from pellucid.engines.native.assemble import LEVEL, object_code, passes
from pellucid.engines.native.lower import learning as compiled_learning
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.runtime.host.system import POSIX
from pellucid.engines.native.runtime.host.team_code import team_text
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.engines.native.target import Target
from pellucid.engines.reference import ReferenceEngine
from pellucid.ops import MeanSquaredError
from pellucid.optimizers import SGD
from tests.engines.native.programs import LEARNING, SMALL
from tests.engines.networks import GRAPHS, batch, network
from tests.engines.tolerances import TOLERANCES, assert_all_close, assert_close
from tests.learning import Learning, step_of

X86, ARM = "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"

PROCESSORS = {
    "AVX-512": Target(X86, "skylake-avx512", "", 16, 32),
    "AVX2": Target(X86, "haswell", "", 8, 16),
    "SSE4": Target(X86, "nehalem", "", 4, 16),
    "NEON": Target(ARM, "generic", "", 4, 32),
    "NEON on a Mac": Target("arm64-apple-darwin", "apple-m1", "", 4, 32),
    "AVX2 on Windows": Target("x86_64-pc-windows-msvc", "haswell", "", 8, 16),
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


def assembly(text: str, target: Target) -> str:
    """What LLVM makes of a text for a processor, which need not be this one."""
    from llvmlite import binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine: Any = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=LEVEL, codemodel="small"
    )
    module = llvm.parse_assembly(text)
    module.data_layout = str(machine.target_data)
    with passes(target):
        return str(machine.emit_assembly(module))


def code_for(name: str, target: Target) -> str:
    graph = SMALL if name == "small" else GRAPHS[name]
    step = step_of(graph, LEARNING if name == "small" else CLIPPED)
    assert step is not None
    learning = compiled_learning.Learning.of(step)
    code = compiling.write(graph, replace(target, threads=2), capacity=8, learning=learning)
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
    target = PROCESSORS[name]
    found = assembly(team_text(target.triple, target.pause), target)
    assert set(CALL.findall(found)) <= {"work", "announce", *POSIX}
    flushes = "fpcr" if target.triple.startswith(("aarch64", "arm64")) else "ldmxcsr"
    assert flushes in found.lower()


def here() -> dict[str, Target]:
    """Kinds of code that this processor can run."""
    from llvmlite import binding as llvm

    target, features = host_target(), llvm.get_host_cpu_features()
    kinds = {
        "its own": target,
        "four lanes": replace(target, lanes=4, registers=16),
        # Wherever registers are narrower or fewer, LLVM cuts vectors up and keeps sums in memory.
        "sixteen lanes": replace(target, lanes=16, registers=32),
    }
    if "x86" in target.pause:
        kinds["SSE4"] = replace(target, cpu="nehalem", features="", lanes=4, registers=16)
    if features.get("avx2"):
        kinds["avx2"] = replace(target, lanes=8, registers=16)
    return kinds


@pytest.mark.parametrize("kind", here())
def test_run_here(kind: str) -> None:
    network_ = network(GRAPHS["every operation"])
    images, labels = batch(network_.graph, 7)
    tolerance = TOLERANCES["float32"]
    theirs = ReferenceEngine().load(network_, step_of(network_, LEARNING))
    step = step_of(network_, LEARNING)
    assert step is not None
    ours = NativeProgram(network_, {"train": step}, replace(here()[kind], threads=2))
    assert_close("answer", ours.forward(images), theirs.forward(images), tolerance)
    actual, expected = (program.train_step(images, labels, 0.01) for program in (ours, theirs))
    assert actual.loss == pytest.approx(expected.loss, rel=tolerance)
    assert_all_close(ours.weights(), theirs.weights(), 10 * tolerance)


# ------------------------------------------------------------------------------------ WebAssembly

WASM = Target("wasm32-unknown-unknown", "generic", "+simd128", 4, 16, pointer_bits=32)


def leb128(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned number of WebAssembly's encoding, and where the next thing begins."""
    value = shift = 0
    while True:
        byte, at = data[at], at + 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def sections(module: bytes) -> dict[int, bytes]:
    """A WebAssembly module's sections, by their numbers; custom ones are left out."""
    assert module[:8] == b"\0asm\x01\0\0\0"
    found, at = {}, 8
    while at < len(module):
        kind, (size, start) = module[at], leb128(module, at + 1)
        at = start + size
        if kind:
            found[kind] = module[start:at]
    return found


def imports(module: bytes) -> set[tuple[str, str]]:
    """What a module imports, (module, name)."""
    data = sections(module)[2]
    count, at = leb128(data, 0)
    found = set()
    for _ in range(count):
        names = []
        for _ in range(2):
            size, at = leb128(data, at)
            names.append(data[at : at + size].decode())
            at += size
        kind, at = data[at], at + 1
        if kind == 0:  # a function: its type
            _, at = leb128(data, at)
        elif kind == 3:  # a global: its type, and whether it changes
            at += 2
        else:  # a table's type, then limits as a memory has them
            at += kind == 1
            limited, at = leb128(data, at)
            _, at = leb128(data, at)
            if limited & 1:
                _, at = leb128(data, at)
        found.add((names[0], names[1]))
    return found


@pytest.mark.parametrize("graph", ["small", "every operation", "further operations"])
def test_written_for_webassembly(graph: str) -> None:
    """From the same text, with SIMD of four lanes; it asks its host for nothing but memory."""
    text = code_for(graph, WASM)
    code = object_code(text, WASM)
    found = imports(code)
    assert ("env", "__linear_memory") in found
    known = {"__linear_memory", "__stack_pointer", "__indirect_function_table", *POSIX}
    assert {name for _, name in found} <= known
    assert {module for module, _ in found} == {"env"}
    listing = assembly(text, WASM)
    for instruction in ("f32x4.mul", "f32x4.add", "v128.load", "f32x4.splat|v128.load32_splat"):
        assert len(re.findall(instruction, listing)) > 100, instruction


def test_pointers_are_as_wide_as_the_targets() -> None:
    """The second address of a stage's table lies behind one pointer."""
    text = code_for("small", WASM)
    assert "i32.load\t4" in assembly(text, WASM)
    assert "i64.load\t8" not in assembly(text, WASM)


def test_compiling_depends_on_graph_and_target_alone() -> None:
    for target in (WASM, PROCESSORS["NEON"]):
        one, other = (code_for("small", target) for _ in range(2))
        assert one == other
        assert object_code(one, target) == object_code(other, target)
