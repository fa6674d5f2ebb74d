"""From text to object code, for any target; the machine that compiles has no part in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.engines.native.target import Target

LEVEL = 1
"""How hard LLVM's code generator works, 0 to 3. The text is already in the form that higher levels
would bring it to: they took a sixth longer, and the code was no faster."""


def object_code(text: str, target: Target) -> bytes:
    """An object file of a module in LLVM's assembly language."""
    from llvmlite import binding as llvm

    machine = target_machine(target)
    # The text says nothing of pointers: how wide they are, and how they are aligned, depends on
    # the target alone, and must be known before the text is read.
    module = llvm.parse_assembly(f'target datalayout = "{machine.target_data}"\n{text}')
    # No optimisation passes: the text is already in the form they would bring it to.
    return bytes(machine.emit_object(module))


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
