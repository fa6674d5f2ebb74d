"""Read a pickle as data: nothing is imported, nothing is called, only plain values are made.

A pickle is a program for a small stack machine, and some of its instructions import and call
whatever they name; so a pickle from somewhere else is never given to Python's own reader. Here its
instructions are read by the standard library's :mod:`pickletools`, which runs none of them, and
carried out by :func:`load`, which knows the few that make numbers, texts, tuples, lists and
dictionaries. What a pickle would import is a :class:`Name`, and what it would call is a
:class:`Call`: both only say what was there. The reader decides what they mean.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_INSTRUCTIONS = 200_000
"""In one pickle; a network of 400 arrays takes 12 000."""

MOST_BYTES = 1 << 26
"""Bytes of one pickle at most."""

_PICKLE_ERRORS = (ValueError, IndexError, KeyError, OverflowError, UnicodeError, EOFError)


@dataclass(frozen=True)
class Name:
    """What a pickle would import."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, eq=False)
class Call:
    """What a pickle would call, and with what."""

    function: Name
    arguments: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Persistent:
    """What a pickle leaves to its reader to find, by what it says of it."""

    key: Any


ORDERED_DICT = Name("collections", "OrderedDict")
"""What is called without entries, and then filled; read as a dictionary, which has an order too."""


class PickleError(ValueError):
    """A pickle that is damaged, cut short, or does what plain data need not."""


def load(stream: IO[bytes], known: frozenset[Name], calls: frozenset[Name]) -> Any:
    """Read the next pickle of a stream, which is left at the byte behind it.

    Args:
        stream: A file that is read as bytes.
        known: What the pickle may name.
        calls: Which of these it may call.

    Returns:
        None, bool, int, float, str, :class:`Name`, :class:`Call`, :class:`Persistent`, and tuples,
        lists and dictionaries (with texts as keys) of them. One value may lie in several places.

    Raises:
        PickleError: It is cut short, damaged, or too long; or it names or calls something else, or
            has an instruction that plain data do without.
    """
    machine = _Machine(known, calls)
    start = stream.tell()
    try:
        for count, (opcode, argument, position) in enumerate(pickletools.genops(stream)):
            if count >= MOST_INSTRUCTIONS or (position or 0) - start > MOST_BYTES:
                break
            if opcode.name == "STOP":
                return machine.result()
            machine.do(opcode.name, argument)
    except PickleError:
        raise
    except _PICKLE_ERRORS as error:
        raise PickleError("its description is damaged or cut short") from error
    raise PickleError(
        f"its description is longer than {MOST_INSTRUCTIONS} instructions or {MOST_BYTES} bytes"
    )


class _Machine:
    """The stack, the marks on it, and the values that the pickle keeps for later."""

    def __init__(self, known: frozenset[Name], calls: frozenset[Name]) -> None:
        self._known, self._calls = known, calls
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def result(self) -> Any:
        """The one value that is left."""
        if len(self._stack) != 1 or self._marks:
            raise PickleError("its description ends in the middle of a value")
        return self._stack[0]

    def do(self, instruction: str, argument: Any) -> None:
        """Carry out one instruction."""
        if instruction in _VALUES:
            self._stack.append(argument)
        elif instruction in _CONSTANTS:
            self._stack.append(_CONSTANTS[instruction]())
        elif instruction in _GETS:
            self._stack.append(self._memo[argument])
        elif instruction in _PUTS:
            self._memo[argument] = self._top()  # a table, so a large number costs nothing
        elif instruction in _OTHERS:
            _OTHERS[instruction](self, argument)
        else:
            raise PickleError(
                f"its description has the instruction {instruction}, which weights do without"
            )

    def _top(self) -> Any:
        self._reachable(1)
        return self._stack[-1]

    def _reachable(self, count: int) -> None:
        """Check that at least this many values lie above the last mark."""
        if len(self._stack) - (self._marks[-1] if self._marks else 0) < count:
            raise PickleError("its description takes values that it has not made")

    def _pop(self, count: int = 1) -> list[Any]:
        self._reachable(count)
        cut = len(self._stack) - count
        taken = self._stack[cut:]
        del self._stack[cut:]
        return taken

    def _pop_to_mark(self) -> list[Any]:
        start = self._marks.pop()
        taken = self._stack[start:]
        del self._stack[start:]
        return taken

    def _mark(self, _: object) -> None:
        self._marks.append(len(self._stack))

    def _protocol(self, version: int) -> None:
        if version != 2:
            raise PickleError(f"its description is a pickle of protocol {version}; expected 2")

    def _name(self, words: str) -> None:
        name = Name(*words.split(" ", 1))  # a line each in the file, which pickletools joins
        if name not in self._known:
            raise PickleError(f"its description would import {str(name)!r:.100}")
        self._stack.append(name)

    def _call(self, _: object) -> None:
        function, arguments = self._pop(2)
        if not isinstance(function, Name) or function not in self._calls:
            what = function if isinstance(function, Name) else type(function).__name__
            raise PickleError(f"its description would call {str(what)!r:.100}")
        if not isinstance(arguments, tuple):
            raise PickleError("its description would call something without arguments")
        if function != ORDERED_DICT:
            self._stack.append(Call(function, arguments))
        elif arguments:
            raise PickleError("its description has an ordered dictionary that is not filled later")
        else:
            self._stack.append({})

    def _persistent(self, _: object) -> None:
        self._stack.append(Persistent(*self._pop()))

    def _build(self, _: object) -> None:
        """Attributes that a dictionary would get; what they are is of no interest."""
        self._pop()
        if not isinstance(self._top(), dict):
            raise PickleError("its description gives attributes to something that has none")

    def _tuple(self, count: int) -> None:
        self._stack.append(tuple(self._pop(count)))

    def _tuple_to_mark(self, _: object) -> None:
        self._stack.append(tuple(self._pop_to_mark()))

    def _append(self, _: object) -> None:
        self._append_all(self._pop())

    def _append_to_mark(self, _: object) -> None:
        self._append_all(self._pop_to_mark())

    def _append_all(self, values: list[Any]) -> None:
        target = self._top()
        if not isinstance(target, list):
            raise PickleError("its description appends to something that is no list")
        target.extend(values)

    def _set(self, _: object) -> None:
        self._set_all(self._pop(2))

    def _set_to_mark(self, _: object) -> None:
        self._set_all(self._pop_to_mark())

    def _set_all(self, values: list[Any]) -> None:
        target = self._top()
        if not isinstance(target, dict) or len(values) % 2:
            raise PickleError("its description sets entries of something that is no dictionary")
        for key, value in zip(values[::2], values[1::2], strict=True):
            if not isinstance(key, str):
                raise PickleError("its description has a dictionary whose keys are no texts")
            target[key] = value


_VALUES = frozenset({"BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"})
"""Instructions that put their argument on the stack."""

_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
}

_GETS = frozenset({"BINGET", "LONG_BINGET"})
_PUTS = frozenset({"BINPUT", "LONG_BINPUT"})

_OTHERS: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": _Machine._protocol,
    "MARK": _Machine._mark,
    "GLOBAL": _Machine._name,
    "REDUCE": _Machine._call,
    "BINPERSID": _Machine._persistent,
    "BUILD": _Machine._build,
    "TUPLE": _Machine._tuple_to_mark,
    "TUPLE1": lambda machine, _: machine._tuple(1),
    "TUPLE2": lambda machine, _: machine._tuple(2),
    "TUPLE3": lambda machine, _: machine._tuple(3),
    "APPEND": _Machine._append,
    "APPENDS": _Machine._append_to_mark,
    "SETITEM": _Machine._set,
    "SETITEMS": _Machine._set_to_mark,
}
