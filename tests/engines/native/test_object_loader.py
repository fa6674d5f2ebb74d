"""Code that is loaded without LLVM, and what is left to LLVM."""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from pellucid.engines.native.assemble import object_code
from pellucid.engines.native.runtime.host import this_machine
from pellucid.engines.native.runtime.host.machine import Machine
from pellucid.engines.native.runtime.host.object_loader import load_object
from pellucid.engines.native.runtime.host.this_machine import (
    ask_llvm,
    host_target,
    processor_facts,
)
from tests.engines.native.programs import SMALL, compiled, native
from tests.engines.native.test_targets import PROCESSORS

NUMBERS = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)

HERE = sys.platform == "linux" and host_target().triple.startswith("x86_64")
"""Whether code is loaded without LLVM on this machine."""

CALLS = """
declare double @elsewhere(double)
@table = private unnamed_addr constant [2 x double] [double 2.5, double 4.0], align 64
define double @inner(double %x) {
  %y = fmul double %x, 0x3FF3C0CA428C59FB
  ret double %y
}
define double @outer(double %x) {
  %a = call double @inner(double %x)
  %b = call double @elsewhere(double %a)
  %p = getelementptr double, ptr @table, i64 1
  %c = load double, ptr %p
  %d = fadd double %b, %c
  ret double %d
}
"""


def test_calls_constants_and_functions_from_elsewhere() -> None:
    elsewhere = NUMBERS(lambda x: 10 * x)
    place = ctypes.cast(elsewhere, ctypes.c_void_p).value or 0
    loaded = load_object(object_code(CALLS, host_target()), {"elsewhere": place})
    assert (loaded is not None) == HERE
    if loaded is not None:
        assert NUMBERS(loaded.address("inner"))(2.0) == 2.0 * float.fromhex("0x1.3c0ca428c59fbp0")
        expected = 10 * (3.0 * float.fromhex("0x1.3c0ca428c59fbp0")) + 4.0
        assert NUMBERS(loaded.address("outer"))(3.0) == expected
        with pytest.raises(KeyError):
            loaded.address("elsewhere")


def test_nothing_can_be_written_and_constants_do_not_run() -> None:
    loaded = load_object(object_code(CALLS, host_target()), {"elsewhere": 1})
    assert (loaded is not None) == HERE
    if loaded is None:
        return
    start = loaded.address("inner")
    rights = {}
    for line in Path("/proc/self/maps").read_text().splitlines():
        first, last, kind = re.match("([0-9a-f]+)-([0-9a-f]+) (....)", line).groups()  # type: ignore[union-attr]
        rights[range(int(first, 16), int(last, 16))] = kind
    (code,) = (places for places in rights if start in places)
    assert rights[code] == "r-xp"
    assert rights[next(places for places in rights if code.stop in places)][:3] == "r--"


UNDEFINED = CALLS
WRITTEN = """
@count = global i64 3
define i64 @next() {
  %n = load i64, ptr @count
  %m = add i64 %n, 1
  store i64 %m, ptr @count
  ret i64 %m
}
"""


def test_what_it_does_not_load() -> None:
    target = host_target()
    assert load_object(object_code(UNDEFINED, target), {}) is None
    assert load_object(object_code(WRITTEN, target), {}) is None
    assert load_object(b"", {}) is None
    own = target.triple.partition("-")[0]
    for other in PROCESSORS.values():
        if not other.triple.startswith(own):
            assert load_object(object_code("define void @f() { ret void }", other), {}) is None


def test_what_it_does_not_load_llvm_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", "off")
    machine = Machine(WRITTEN, host_target())
    function = ctypes.CFUNCTYPE(ctypes.c_int64)(machine.address("next"))
    assert [function(), function()] == [4, 5]


def test_code_of_every_network_is_loaded_so() -> None:
    loaded = compiled(native(SMALL))._loaded
    assert (type(loaded.machine._code).__name__ == "LoadedObject") == HERE


def test_what_llvm_says_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path))
    expected = ask_llvm()
    this_machine._host.cache_clear()
    try:
        assert asdict(this_machine._host()) == asdict(expected)
        assert bool([*tmp_path.glob("*.code")]) == HERE
        this_machine._host.cache_clear()
        assert this_machine._host() == expected
        if not HERE:
            return
        monkeypatch.setattr(this_machine, "ask_llvm", lambda: 1 / 0)
        this_machine._host.cache_clear()
        assert this_machine._host() == expected
        for change in ("processor_facts", "_compiler_files"):
            this_machine._host.cache_clear()
            with monkeypatch.context() as patch:
                patch.setattr(this_machine, change, lambda: ["another"])
                with pytest.raises(ZeroDivisionError):
                    this_machine._host()
    finally:
        this_machine._host.cache_clear()


def test_facts_of_a_processor(tmp_path: Path) -> None:
    listed = tmp_path / "cpuinfo"
    block = "processor\t: {0}\nvendor_id\t: Maker\ncpu family\t: 25\nmodel\t\t: 17\n"
    block += "stepping\t: 1\ncpu MHz\t\t: 24{0}0.1\nflags\t\t: fpu {1}\n\n"
    for number, features in ((0, "avx2"), (1, "avx2"), (0, "avx512f")):
        listed.write_text(block.format(number, features) + block.format(9, "other"))
        found = processor_facts(listed)
        if sys.platform == "linux":
            assert found == [
                "vendor_id Maker", "cpu family 25", "model 17", "stepping 1",
                f"flags fpu {features}",
            ]  # fmt: skip
    listed.write_text("processor\t: 0\nBogoMIPS\t: 50\nFeatures\t: fp asimd\n")
    assert processor_facts(listed) == processor_facts(tmp_path / "nothing") == []


PROGRAM = """
import sys, json
import numpy as np
from pellucid.engines import get_engine
from pellucid.graph import Network, initial_weights
from pellucid.layers import Conv2D, Dense, Flatten, ReLU, Sequential
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD
from tests.learning import Learning, step_of

graph = Sequential([Conv2D(4, 3), ReLU(), Flatten(), Dense(2)]).graph((8, 8, 1))
network = Network(graph, initial_weights(graph, seed=0))
program = get_engine("native").load(network, step_of(network, Learning(CrossEntropy(), SGD())))
images = np.arange(256, dtype=np.uint8).reshape(4, 8, 8, 1)
loss = program.train_step(images, np.array([0, 1, 0, 1]), 0.1).loss
print(json.dumps([loss.hex(), "llvmlite.binding" in sys.modules]))
"""


def test_a_process_whose_code_is_in_the_cache_does_without_llvm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path))
    root = Path(__file__).parents[3]
    answers = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], cwd=root, check=True, capture_output=True, text=True
        )
        answers.append(json.loads(done.stdout))
    (first, compiles), (second, still) = answers
    assert first == second
    assert compiles
    assert still != HERE
