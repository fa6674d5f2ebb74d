"""Text becomes machine code in memory: compiled by LLVM, or fetched from the cache."""

from __future__ import annotations

import ctypes
import hashlib
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from pellucid.engines.native.assemble import compiled_how, object_code, target_machine
from pellucid.engines.native.runtime.host.cache import code_cache
from pellucid.engines.native.runtime.host.object_loader import load_object
from pellucid.engines.native.runtime.host.reclaim import reclaim
from pellucid.engines.native.runtime.host.system import resolve_symbols, symbols
from pellucid.engines.native.runtime.host.this_machine import llvm_version

if TYPE_CHECKING:
    from pellucid.engines.native.runtime.host.object_loader import LoadedObject
    from pellucid.engines.native.target import Target

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


class Machine:
    """A module compiled for this processor, ready to be called.

    Args:
        text: The module in LLVM's assembly language.
        target: The one that runs this.
    """

    def __init__(self, text: str, target: Target) -> None:
        code = code_of(text, target)
        self._code: LoadedObject | _ByLLVM = load_object(code, symbols()) or _ByLLVM(code, target)

    def address(self, name: str) -> int:
        """Where the function of that name begins."""
        return self._code.address(name)


class _ByLLVM:
    """An object file in memory, loaded by LLVM."""

    def __init__(self, code: bytes, target: Target) -> None:
        from llvmlite import binding as llvm

        resolve_symbols()
        # The compiler is given nothing to compile: code from the cache and fresh code take one way.
        self._engine: Any = llvm.create_mcjit_compiler(
            llvm.parse_assembly(""), target_machine(target)
        )
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where the function of that name begins."""
        return int(self._engine.get_function_address(name))


def load(text: str, target: Target) -> Machine:
    """The machine for a text; programs of one text share one."""
    key = key_of(text, target)
    machine = _loaded.get(key)
    # Without a lock, which a fork might find held: at worst two threads compile the same text.
    return machine if machine is not None else _loaded.setdefault(key, Machine(text, target))


_loaded: WeakValueDictionary[str, Machine] = WeakValueDictionary()


def key_of(text: str, target: Target) -> str:
    """A name for the code made of a text: a digest of everything that it depends on."""
    import llvmlite

    version = llvm_version()
    numbers = ".".join(map(str, version))
    about = [
        f"llvmlite {llvmlite.__version__}, LLVM {numbers}, {compiled_how(target, version)}",
        target.triple,
        target.cpu,
        target.features,
        text,
    ]
    return hashlib.sha256("\0".join(about).encode()).hexdigest()


def code_of(text: str, target: Target) -> bytes:
    """A text's machine code, an object file: from the cache, or compiled and kept there."""
    cache, key = code_cache(), key_of(text, target)
    code = cache.get(key)
    if code is None:
        code = object_code(text, target)
        reclaim()
        cache.put(key, code)
    return code
