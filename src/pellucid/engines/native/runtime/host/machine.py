"""Text becomes machine code in memory: compiled by LLVM, or fetched from the cache."""

from __future__ import annotations

import ctypes
import hashlib
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from pellucid.engines.native.runtime.host.cache import code_cache
from pellucid.engines.native.runtime.host.system import resolve_symbols

if TYPE_CHECKING:
    from pellucid.engines.native.processor import Processor

SCHEDULE = ctypes.CFUNCTYPE(
    None,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_int64,
    ctypes.c_int64,
    ctypes.c_void_p,
)
"""Of every schedule: table of addresses, pixels, images, thread, threads, barrier."""

LEVEL = 1
"""How hard LLVM's code generator works, 0 to 3. The text is already in the form that higher levels
would bring it to: they took a sixth longer, and the code was no faster."""


class Machine:
    """A module compiled for this processor, ready to be called.

    Args:
        text: The module in LLVM's assembly language.
        processor: The one that runs this.
    """

    def __init__(self, text: str, processor: Processor) -> None:
        self._start(code_of(text, processor), processor)

    def _start(self, code: bytes, processor: Processor) -> None:
        from llvmlite import binding as llvm

        resolve_symbols()
        # The compiler is given nothing to compile: code from the cache and fresh code take one way.
        self._engine: Any = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target(processor))
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where the function of that name begins."""
        return int(self._engine.get_function_address(name))


def load(text: str, processor: Processor) -> Machine:
    """The machine for a text; programs of one text share one."""
    key = key_of(text, processor)
    machine = _loaded.get(key)
    # Without a lock, which a fork might find held: at worst two threads compile the same text.
    return machine if machine is not None else _loaded.setdefault(key, Machine(text, processor))


_loaded: WeakValueDictionary[str, Machine] = WeakValueDictionary()


def key_of(text: str, processor: Processor) -> str:
    """A name for the code made of a text: a digest of everything that it depends on."""
    import llvmlite
    from llvmlite import binding as llvm

    llvm_version = ".".join(str(part) for part in llvm.llvm_version_info)
    about = [
        f"llvmlite {llvmlite.__version__}, LLVM {llvm_version}, level {LEVEL}",
        processor.triple,
        processor.name,
        processor.features,
        text,
    ]
    return hashlib.sha256("\0".join(about).encode()).hexdigest()


def code_of(text: str, processor: Processor) -> bytes:
    """A text's machine code, an object file: from the cache, or compiled and kept there."""
    cache, key = code_cache(), key_of(text, processor)
    code = cache.get(key)
    if code is None:
        code = compile_text(text, processor)
        cache.put(key, code)
    return code


def compile_text(text: str, processor: Processor) -> bytes:
    """A text's machine code, compiled now."""
    from llvmlite import binding as llvm

    module = llvm.parse_assembly(text)
    # No optimisation passes: the text is already in the form they would bring it to.
    return bytes(_target(processor).emit_object(module))


def _target(processor: Processor) -> Any:
    from llvmlite import binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(processor.triple).create_target_machine(
        cpu=processor.name, features=processor.features, opt=LEVEL
    )
