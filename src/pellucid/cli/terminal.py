"""What commands print with: results on standard output, everything else on standard error."""

from __future__ import annotations

import io
import json
import os
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from pellucid.errors import PellucidError
from pellucid.launched import launched
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from pellucid.record import Record


def results() -> Console:
    """The console for results; plain where nobody watches."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, quiet=not leads())
    console.on_broken_pipe = _reader_left  # type: ignore[method-assign]  # it would leave with 1
    return console


def leads() -> bool:
    """Whether this process prints: of those that ``torchrun`` started together, the first does."""
    process = launched()
    return process is None or process.rank == 0


def _reader_left() -> None:
    raise BrokenPipeError


def remarks() -> Console:
    """The console for progress and remarks."""
    from rich.console import Console

    return Console(
        stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True, quiet=not leads()
    )


@contextmanager
def warnings_as(console: Console) -> Iterator[None]:
    """Print what Python warns of as a remark like any other: its text alone."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: console.print(printable(str(message)))
        yield


def print_json(values: object) -> None:
    """Print JSON for a program to read: one document, nothing else on standard output."""
    print(json_text(values))  # noqa: T201 - this is what this file is for


def print_result(
    record: Record,
    *,
    json: bool,
    full: bool = False,
    values: Callable[[], dict[str, Any]] | None = None,
    **options: Any,
) -> None:
    """Print a record: as JSON, or for a reader.

    Args:
        record: The record.
        json: Whether as JSON.
        full: Whether lists are printed to their ends.
        values: Makes the JSON document, where it is not the record's own.
        options: Those of the record's document.
    """
    if json:
        print_json((values or record.to_dict)())
        return
    from pellucid.show.records import print_record

    print_record(results(), record, full=full, **options)


def json_text(values: object) -> str:
    """JSON that standard output can take."""
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", "utf-8"))
    except UnicodeEncodeError:  # bytes of a file's name that are no text, or a narrow encoding
        return json.dumps(values, indent=2, allow_nan=False)
    return text


def any_letters() -> None:
    """Let both streams take any text: what their encoding lacks is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def explained() -> Iterator[None]:
    """Say in one line why a command fails, and leave; see :func:`pellucid.cli.main` for codes."""
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()  # a full disk shows here, and not after we have left
    except PellucidError as error:
        fail(str(error))
    except MemoryError:
        fail("out of memory; use smaller pictures (--image-size) or a smaller --batch-size")
    except KeyboardInterrupt:
        fail("stopped", code=130)
    except BrokenPipeError:  # the reader of our output has seen enough, as ``head`` has
        discard_output()
        sys.exit(0)
    except OSError as error:
        if error.filename is None:  # all files but the output have names
            discard_output()
        place = "the output" if error.filename is None else os.fsdecode(error.filename)
        fail(f"{place}: {error.strerror or error}")


def fail(message: str, code: int = 1) -> NoReturn:
    """Say in one line what went wrong, and leave; of several processes, one says it.

    Args:
        message: The line; empty: another process says it.
        code: What the process leaves with.
    """
    alone = launched() is None
    if message and sys.stderr is not None and (alone or _speaks()):
        sys.stderr.write(f"pellucid: {printable(message)}\n")
    if alone:
        sys.exit(code)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(code)  # the others may be gone, and PyTorch would wait for them


def _speaks() -> bool:
    """Whether this process says what went wrong: the first that asks once they are connected.

    Until then nobody knows of the others, and the first of each machine says it.
    """
    torch_ranks = sys.modules.get("pellucid.engines.torch.distributed")
    ranks = None if torch_ranks is None else torch_ranks.joined()
    if ranks is not None:
        return bool(ranks.claim())
    process = launched()
    return process is None or process.local_rank == 0


def discard_output() -> None:
    """Keep Python from writing what is left in its buffer again, in vain, when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
