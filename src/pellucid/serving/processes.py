"""Several processes that answer at one address, each with models of its own.

Python computes in one thread at a time; a request for a small network costs more of it than the
network does, so that one process fills one core. The first process holds the socket, starts the
others, replaces one that breaks down, and passes on what concerns all: that the service ends, and
that a model is to be loaded again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Literal

from pellucid.errors import DataError, PellucidError
from pellucid.serving.metrics import SHARED_METRICS
from pellucid.serving.run import run
from pellucid.serving.spare import SpareSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from pellucid.serving.models import Models
    from pellucid.serving.server import Server
    from pellucid.serving.settings import Settings

    Message = tuple[Literal["ready", "failed", "reload"], str]
    Output = Callable[[str], object]

_PAUSE = 1.0
"""Seconds until a process that broke down is replaced."""


def run_processes(
    settings: Settings,
    listening: socket.socket,
    count: int,
    *,
    remark: Output,
    write: Output | None,
    serving: Callable[[], object],
) -> None:
    """Serve with several processes until this one is asked to end.

    Args:
        settings: Of the service; its limits are shared among the processes.
        listening: Where; closed at the end.
        count: How many processes.
        remark: Prints a line; a function of a module, as the processes get it too.
        write: Takes the log, line by line, in every process; None for none.
        serving: Called once all of them answer.

    Raises:
        PellucidError: A process cannot begin, e.g. since a model cannot be used.
    """
    limits = settings.limits
    shared = replace(
        limits,
        connections=max(1, limits.connections // count),
        queue=max(1, limits.queue // count),
        all_bodies_bytes=max(1, limits.all_bodies_bytes // count),
    )
    plain = socket.socket(fileno=listening.detach())  # such can be handed to another process
    listening.close()
    with plain, tempfile.TemporaryDirectory(prefix="pellucid-metrics-") as folder:
        os.environ[SHARED_METRICS] = folder  # they inherit it
        try:
            arguments = replace(settings, limits=shared), plain, remark, write
            _Processes(count, arguments, remark, serving).run()
        finally:
            del os.environ[SHARED_METRICS]


@dataclass(eq=False)
class _Member:
    """A process of the service.

    Attributes:
        process: The process.
        channel: To it.
        ready: Whether it answers.
    """

    process: SpawnProcess
    channel: Connection
    ready: bool = False


class _Processes:
    """The processes of a service, in the one that started them."""

    def __init__(
        self,
        count: int,
        arguments: tuple[Any, ...],
        remark: Output,
        serving: Callable[[], object],
    ) -> None:
        self._count, self._arguments = count, arguments
        self._remark, self._serving = remark, serving
        self._members: list[_Member] = []
        self._ending = self._served = False
        self._failure = ""

    def run(self) -> None:
        """Start them, and wait until all have ended."""
        with self._until_asked():
            try:
                self._start()  # the first alone: what is wrong with a model is found once
                while self._members:
                    self._wait()
            finally:
                for each in self._members:
                    each.process.kill()
        if self._failure:
            raise DataError(self._failure)

    @contextmanager
    def _until_asked(self) -> Iterator[None]:
        """Let signals that end a service end all processes; a second one, at once."""
        signals = signal.SIGTERM, signal.SIGINT
        before = [signal.signal(each, lambda *_: self._end()) for each in signals]
        try:
            yield
        finally:
            for each, handler in zip(signals, before, strict=True):
                signal.signal(each, handler)

    def _end(self) -> None:
        self._ending = True
        for each in self._members:
            each.process.terminate()

    def _start(self) -> None:
        context = get_context("spawn")
        here, there = context.Pipe()
        first = not self._served and not self._members
        process = context.Process(target=_serve, args=(*self._arguments, there, first))
        process.start()
        there.close()
        self._members.append(_Member(process, here))
        if self._ending:  # asked while it started
            process.terminate()

    def _wait(self) -> None:
        """Wait until one of them has a message, or has ended."""
        sources: dict[Any, _Member] = {each.process.sentinel: each for each in self._members}
        sources |= {each.channel: each for each in self._members if not each.channel.closed}
        for source in wait(list(sources)):
            member = sources[source]
            if source is member.channel:
                self._hear(member)
            else:
                self._lose(member)

    def _hear(self, member: _Member) -> None:
        try:
            kind, text = member.channel.recv()
        except (EOFError, OSError):
            member.channel.close()
            return
        if kind == "failed":
            self._failure = self._failure or text
            self._end()
        elif kind == "reload":
            for each in self._members:
                if each is not member and each.ready:
                    with suppress(OSError):
                        each.channel.send((kind, text))
        else:
            member.ready = True
            while len(self._members) < self._count and not self._ending:
                self._start()
            if not self._served and all(each.ready for each in self._members):
                self._served = True
                self._serving()

    def _lose(self, member: _Member) -> None:
        """A process has ended."""
        member.process.join()
        while not member.channel.closed and member.channel.poll():  # why, perhaps
            self._hear(member)
        self._members.remove(member)
        if self._ending:
            return
        how = _how(member.process.exitcode)
        if not member.ready:
            self._failure = self._failure or f"a process of the service {how} before it answered"
            self._end()
            return
        self._remark(f"process {member.process.pid} {how}; another takes its place")
        time.sleep(_PAUSE)
        if not self._ending:
            self._start()


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _serve(
    settings: Settings,
    listening: socket.socket,
    remark: Output,
    write: Output | None,
    channel: Connection,
    first: bool,
) -> None:
    """What a process of the service does."""
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)  # Ctrl-C is for the process that started this one
    said = remark if first else (lambda _line: None)  # the same lines, several times

    def serving(server: Server, models: Models) -> None:
        nonlocal said
        said = remark if first else lambda line: remark(f"process {os.getpid()}: {line}")
        _listen(channel, server, models)

    try:
        left = run(
            settings,
            SpareSocket(fileno=listening.detach()),
            remark=lambda line: said(line),
            write=write,
            serving=serving,
        )
    except PellucidError as error:
        _send(channel, ("failed", str(error)))
        sys.exit(1)
    if left:  # Python would wait for them
        sys.stdout.flush()
        os._exit(0)


def _listen(channel: Connection, server: Server, models: Models) -> None:
    """Take part in what concerns all processes, in a thread of its own."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    async def reload(name: str) -> None:
        with suppress(PellucidError):  # the line is printed
            await models.reload(name)

    def begin(name: str) -> None:
        task = loop.create_task(reload(name))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def listen() -> None:
        while True:
            try:
                _, name = channel.recv()
            except (EOFError, OSError):  # the process that started this one is gone
                with suppress(RuntimeError):  # so is the loop
                    loop.call_soon_threadsafe(server.handle_exit, signal.SIGTERM, None)
                return
            loop.call_soon_threadsafe(begin, name)

    models.asked = lambda name: _send(channel, ("reload", name))
    threading.Thread(target=listen, name="pellucid-listen", daemon=True).start()
    _send(channel, ("ready", ""))


def _send(channel: Connection, message: Message) -> None:
    with suppress(OSError):  # nobody is there any more, and this process is about to end
        channel.send(message)
