"""The command line, run in this process as it would run in one of its own.

A process of its own takes a second to import everything again. Here it is imported once; each call
gets its arguments, folder, environment and streams, which lead to files as a shell's would, down to
the file descriptors. Tests of signals, pipes, limits and locks need a real process: see
:func:`process`. ``PELLUCID_TEST_PROCESSES=1`` runs every command in one.
"""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer.main

from pellucid.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


Completed = subprocess.CompletedProcess[str]

INTERRUPTED = 130

# Typer makes all commands of their functions at each call, as a process does once.
typer.main.get_command = functools.cache(typer.main.get_command)


def command(*arguments: object) -> list[str]:
    """How ``pellucid`` is called as a process of its own."""
    return [sys.executable, "-m", "pellucid", *map(str, arguments)]


def process(
    arguments: tuple[object, ...], folder: Path, environment: Mapping[str, str]
) -> Completed:
    """Run a command in a process of its own."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
        cwd=folder,
        env={**os.environ, **environment},
        check=False,
    )


def here(arguments: tuple[object, ...], folder: Path, environment: Mapping[str, str]) -> Completed:
    """Run a command in this process.

    Raises:
        KeyboardInterrupt: If it was interrupted from the keyboard.
    """
    encoding = environment.get("PYTHONIOENCODING", "utf-8")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        with (
            _environment(environment),
            contextlib.chdir(folder),
            _descriptor(1, out.fileno()),
            _descriptor(2, error.fileno()),
            _streams(encoding),
            _warnings_of_a_process(),
        ):
            code = _call([str(each) for each in arguments])
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        texts = [_text(stream.fileno(), encoding) for stream in (out, error)]
    return Completed(command(*arguments), code, *texts)


def _call(arguments: list[str]) -> int:
    """Call the command line; the exit code that Python would leave with."""
    before, sys.argv = sys.argv, ["pellucid", *arguments]
    try:
        main()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException:  # noqa: BLE001 - as Python does with what nobody catches
        traceback.print_exc()
        return 1
    finally:
        sys.argv = before
    return 0


def _text(descriptor: int, encoding: str) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, encoding=encoding, closefd=False) as stream:
        return stream.read()


@contextlib.contextmanager
def _environment(more: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(more)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _descriptor(number: int, target: int) -> Iterator[None]:
    """Let a file descriptor lead elsewhere, for C code and processes that are started as well."""
    saved = os.dup(number)
    os.dup2(target, number)
    try:
        yield
    finally:
        os.dup2(saved, number)
        os.close(saved)


@contextlib.contextmanager
def _streams(encoding: str) -> Iterator[None]:
    """Python's streams as they are at a process's start, where nobody watches."""
    before = sys.stdin, sys.stdout, sys.stderr
    with (
        Path(os.devnull).open(encoding="utf-8") as nothing,
        _writer(1, encoding, "strict") as out,
        _writer(2, encoding, "backslashreplace") as error,
    ):
        sys.stdin, sys.stdout, sys.stderr = nothing, out, error
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = before


def _writer(descriptor: int, encoding: str, errors: str) -> TextIO:
    line_by_line = 1 if descriptor == 2 else -1
    return open(descriptor, "w", line_by_line, encoding, errors, closefd=False)


@contextlib.contextmanager
def _warnings_of_a_process() -> Iterator[None]:
    """Warnings are printed as they are by default, except that nothing outdated may be used."""
    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("ignore", ImportWarning)
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.simplefilter("error", DeprecationWarning)
        warnings.simplefilter("error", PendingDeprecationWarning)
        warnings.showwarning = _print_warning
        yield


def _print_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    text = warnings.formatwarning(message, category, filename, lineno, line)
    (file or sys.stderr).write(text)
