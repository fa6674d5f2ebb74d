"""From text to object code, for any target; the machine that compiles has no part in it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pellucid.engines.native.target import X86

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.engines.native.target import Target

LEVEL = 1
"""How hard LLVM's code generator works, 0 to 3. The text is already in the form that higher levels
would bring it to: they took a sixth longer, and the code was no faster."""

WITHOUT_REDUCTION = "-disable-lsr"
"""LLVM's option to leave loop strength reduction out. It took two fifths of the time on x86, whose
instructions add up base, index and offset by themselves: the code was as fast without it."""

KNOWN_LLVM = range(20, 23)
"""Versions that have the option; LLVM ends the process at one that it does not know."""


def compiled_how(target: Target, version: tuple[int, ...]) -> str:
    """What of the settings of a version of LLVM decides on the code for a target."""
    leaves_out = leaves_out_reduction(target, version)
    return f"level {LEVEL}{f' {WITHOUT_REDUCTION}' if leaves_out else ''}"


def leaves_out_reduction(target: Target, version: tuple[int, ...]) -> bool:
    """Whether a version of LLVM makes a target's code without loop strength reduction."""
    return target.triple.startswith(X86) and version[0] in KNOWN_LLVM


def object_code(text: str, target: Target) -> bytes:
    """An object file of a module in LLVM's assembly language."""
    machine = target_machine(target)
    # No optimisation passes: the text is already in the form they would bring it to.
    with passes(target):
        return bytes(machine.emit_object(_module(text, machine)))


def assembly(text: str, target: Target) -> str:
    """The same in assembly language, with LLVM's comments on loops and on spills."""
    machine = target_machine(target)
    machine.set_asm_verbosity(verbose=True)
    with passes(target):
        return str(machine.emit_assembly(_module(text, machine)))


def _module(text: str, machine: Any) -> Any:
    from llvmlite import binding as llvm

    # The text says nothing of pointers: how wide they are, and how they are aligned, depends on
    # the target alone, and must be known before the text is read.
    return llvm.parse_assembly(f'target datalayout = "{machine.target_data}"\n{text}')


@contextmanager
def passes(target: Target) -> Iterator[None]:
    """Choose passes; the choice holds for the whole process, hence is taken back.

    Code that another thread compiles meanwhile may be made with the other choice: it is as right.
    """
    from llvmlite import binding as llvm

    if not leaves_out_reduction(target, tuple(llvm.llvm_version_info)):
        yield
        return
    llvm.set_option("pellucid", f"{WITHOUT_REDUCTION}=true")
    try:
        yield
    finally:
        llvm.set_option("pellucid", f"{WITHOUT_REDUCTION}=false")


def target_machine(target: Target) -> Any:
    """LLVM's own idea of a target."""
    from llvmlite import binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    linked = target.linked
    placed = {"reloc": linked.relocation, "codemodel": "default"} if linked else {}
    return llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu,
        features=target.features,
        opt=LEVEL,
        abiname=linked.abi if linked else "",
        **placed,
    )
