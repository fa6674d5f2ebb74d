"""Compiling, and when it is spared."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

import pytest

from pellucid.engines.native import assemble
from pellucid.engines.native.compile import write
from pellucid.engines.native.lower.learning import Learning
from pellucid.engines.native.runtime.host import machine
from pellucid.engines.native.runtime.host.cache import code_cache
from pellucid.engines.native.runtime.host.this_machine import host_target
from tests.engines.native.programs import LEARNING, SMALL, compiled, digest, native, train
from tests.engines.native.test_targets import PROCESSORS, code_for
from tests.engines.networks import DIFFERENT
from tests.learning import step_of

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.engines.native.target import Target
    from pellucid.graph import Graph

NETWORKS = {"small": SMALL, **DIFFERENT}

TEXT = "define i64 @f(i64 %x) {\n  %y = add i64 %x, 1\n  ret i64 %y\n}\n"


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """An empty cache, and every text that is compiled from now on."""
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path))
    found: list[str] = []
    object_code = assemble.object_code

    def noted(text: str, target: Target) -> bytes:
        found.append(text)
        return object_code(text, target)

    monkeypatch.setattr(machine, "object_code", noted)
    return found


def test_compiled_once(texts: list[str], tmp_path: Path) -> None:
    first = machine.code_of(TEXT, host_target())
    assert machine.code_of(TEXT, host_target()) == first
    assert texts == [TEXT]
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    assert machine.code_of(TEXT, host_target()) == first
    assert machine.code_of(TEXT, host_target()) == first
    assert texts == [TEXT] * 2


def test_without_a_cache(texts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", "off")
    first = machine.code_of(TEXT, host_target())
    assert machine.code_of(TEXT, host_target()) == first
    assert texts == [TEXT] * 2


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no such permissions")
def test_a_folder_that_others_may_write(texts: list[str], tmp_path: Path) -> None:
    first = machine.code_of(TEXT, host_target())
    tmp_path.chmod(0o777)
    assert machine.code_of(TEXT, host_target()) == first
    assert texts == [TEXT] * 2


def test_the_key_holds_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    import llvmlite

    target = host_target()
    keys = {machine.key_of(TEXT, target), machine.key_of(TEXT + "\n", target)}
    for name in ("triple", "cpu", "features"):
        other = dataclasses.replace(target, **{name: getattr(target, name) + "x"})
        keys.add(machine.key_of(TEXT, other))
    with monkeypatch.context() as patch:
        patch.setattr(llvmlite, "__version__", "0.1")
        keys.add(machine.key_of(TEXT, target))
    with monkeypatch.context() as patch:
        patch.setattr(machine, "llvm_version", lambda: (1, 2, 3))
        keys.add(machine.key_of(TEXT, target))
    with monkeypatch.context() as patch:
        patch.setattr(assemble, "LEVEL", 3)
        keys.add(machine.key_of(TEXT, target))
    with monkeypatch.context() as patch:
        patch.setattr(assemble, "leaves_out_reduction", lambda target, _: target.triple == "other")
        keys.add(machine.key_of(TEXT, target))
        patch.setattr(assemble, "leaves_out_reduction", lambda target, _: target.triple != "other")
        keys.add(machine.key_of(TEXT, target))
    assert len(keys) == 9
    assert machine.key_of(TEXT, target) in keys


X86 = [target for target in PROCESSORS.values() if target.triple.startswith("x86_64")]
LOOPS = code_for("small", X86[0])


@pytest.mark.parametrize("target", X86, ids=lambda target: target.cpu)
def test_the_choice_of_passes_is_taken_back(target: Target) -> None:
    """Whatever else this process compiles is made by all of LLVM's passes."""
    from llvmlite import binding as llvm

    def made() -> bytes:
        compiler = assemble.target_machine(target)
        module = llvm.parse_assembly(f'target datalayout = "{compiler.target_data}"\n{LOOPS}')
        return bytes(compiler.emit_object(module))

    before = made()
    assert assemble.object_code(LOOPS, target) != before
    assert made() == before


def test_only_versions_that_have_an_option_are_given_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from llvmlite import binding as llvm

    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(llvm, "set_option", lambda *option: asked.append(option))
    monkeypatch.setattr(llvm, "llvm_version_info", (max(assemble.KNOWN_LLVM) + 1, 0, 0))
    assert assemble.object_code(TEXT, host_target())
    assert not asked


def test_programs_share_their_code(texts: list[str]) -> None:
    one = native()
    two = native(threads=3)
    assert compiled(one)._loaded.machine is compiled(two)._loaded.machine
    train(one, 1, count=100)  # there was room for fewer
    assert compiled(one)._loaded.capacity == 100
    assert compiled(one)._loaded.machine is compiled(two)._loaded.machine
    assert len(set(texts)) == len(texts) <= 2  # the network, and perhaps the team


def training_text(graph: Graph, target: Target, count: int) -> str:
    """The text of a step's code, with room for a number of images."""
    step = step_of(graph, LEARNING)
    assert step is not None
    return write(graph, target, capacity=count, learning=Learning.of(step)).text


@pytest.mark.parametrize("graph", NETWORKS.values(), ids=NETWORKS)
def test_one_text_for_batches_of_any_size(graph: Graph) -> None:
    texts = {
        training_text(graph, host_target(threads), count)
        for count in (5, 64, 100)
        for threads in (2, 3)
    }
    assert len(texts) == 1


def test_the_text_is_not_kept() -> None:
    """It takes more memory than all else that a program keeps beside its arena."""
    code = compiled(native())._code
    with pytest.raises(AssertionError, match="released"):
        code.text.count("")


def test_the_same_bits_from_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    programs = []
    for place in ("off", str(tmp_path), str(tmp_path)):
        monkeypatch.setenv("PELLUCID_CACHE", place)
        monkeypatch.setattr(machine, "_loaded", {})
        programs.append(native(SMALL))
        train(programs[-1], 5)
    assert len({digest(program) for program in programs}) == 1
    text = training_text(SMALL, host_target(2), 6)
    assert code_cache().get(machine.key_of(text, host_target(2)))
