"""What object files are made for, by name."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.engines.native.target import Linked, Target


@dataclass(frozen=True)
class Platform:
    """A kind of processor, with the calling convention of its compilers.

    Attributes:
        name: What users call it.
        target: What the code is made for.
        title: For people: the processors and the convention.
        flags: What a C compiler must be given to make code that goes with it.
        machine: What the header of an ELF file calls the processor.
    """

    name: str
    target: Target
    title: str
    flags: str
    machine: int


PLATFORMS = {
    each.name: each
    for each in (
        Platform(
            "x86_64",
            Target("x86_64-unknown-linux-gnu", "x86-64-v3", "", 8, 16, linked=Linked()),
            "x86-64 processors with AVX2 and FMA (x86-64-v3: Intel from 2013, AMD from 2015 on)",
            "",
            62,
        ),
        Platform(
            "aarch64",
            Target("aarch64-unknown-linux-gnu", "generic", "", 4, 32, linked=Linked()),
            "64-bit Arm processors (ARMv8-A with NEON, which all of them have)",
            "",
            183,
        ),
        Platform(
            "thumbv7em",
            Target(
                "thumbv7em-unknown-none-eabihf", "cortex-m4", "", 1, 32, 32, linked=Linked("static")
            ),
            "Arm Cortex-M4F, M7, M33 and others with a floating-point unit, hard-float convention",
            "-mthumb -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard",
            40,
        ),
        Platform(
            "riscv32",
            Target(
                "riscv32-unknown-none-elf", "generic-rv32", "+m,+a,+f,+c", 1, 32, 32,
                linked=Linked("static", "ilp32f"),
            ),
            "32-bit RISC-V processors with single-precision floats (RV32IMAFC, ilp32f)",
            "-march=rv32imafc -mabi=ilp32f",
            243,
        ),
    )
}  # fmt: skip
"""Vectors are as wide as the processor's. Where it has none there is one float in each, so that no
channel is filled up with zeros: that takes the least memory, and no time for them."""
