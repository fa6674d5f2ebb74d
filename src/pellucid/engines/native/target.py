"""What code is made for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Products

X86 = ("x86_64", "i686", "i386")
ARM = ("aarch64", "arm64")


@dataclass(frozen=True)
class Linked:
    """How an object file is made that a linker joins to other programs.

    Attributes:
        relocation: ``pic``, for code that runs wherever it is loaded, or ``static``.
        abi: How functions take floats, as LLVM names it; empty where the triple says it.
    """

    relocation: str = "pic"
    abi: str = ""


@dataclass(frozen=True)
class Target:
    """What LLVM and the kernels need to know of a machine; it need not be the one that compiles.

    Attributes:
        triple: Architecture and system, as LLVM names them.
        cpu: The processor, as LLVM names it.
        features: ``+avx2,-avx512f,…``.
        lanes: Floats in a vector register.
        registers: How many vector registers there are.
        pointer_bits: 64, or 32.
        threads: Who share the work.
        linked: For object files; none for code that is loaded where it is made.
        compact: Whether weights should take no more room than they must.
        portable: Whether its text must suit other processors, too, and so names no instruction.
    """

    triple: str
    cpu: str
    features: str
    lanes: int
    registers: int
    pointer_bits: int = 64
    threads: int = 1
    linked: Linked | None = None
    compact: bool = False
    portable: bool = False

    @property
    def products(self) -> Products:
        """How it adds products of whole numbers."""
        if self.portable or not self.triple.startswith(X86):
            return "plain"
        has = set(self.features.split(","))
        if self.lanes == 16:
            if "+avx512vnni" in has:
                return "vnni"
            return "pairs" if "+avx512bw" in has else "plain"
        if self.lanes == 8:
            return "pairs" if "+avx2" in has else "plain"
        return "pairs" if self.lanes == 4 and "+sse2" in has else "plain"

    @property
    def folds(self) -> bool:
        """Whether its instructions multiply with what lies in memory."""
        return not self.triple.startswith(ARM)

    @property
    def bfloat16(self) -> bool:
        """Whether it has an instruction for products of bfloat16 whose sums are those wanted.

        Arm's ``bfdot`` rounds otherwise.
        """
        wide = self.triple.startswith(X86) and self.lanes == 16
        return wide and not self.portable and "+avx512bf16" in self.features.split(",")

    @property
    def has_stack(self) -> bool:
        """Whether functions may keep numbers in memory of their own; a page's module gives none."""
        return not self.triple.startswith("wasm")

    @property
    def pause(self) -> str:
        """The call by which a waiting thread slows down, in LLVM's words; empty where none is."""
        if self.triple.startswith(X86):
            return "@llvm.x86.sse2.pause()"
        return "@llvm.aarch64.hint(i32 1)" if self.triple.startswith(ARM) else ""
