"""What is tried in a process of its own: forks, interruptions, ends. Each prints what it found."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from tests.engines.native.programs import digest, native, train

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

STEPS = 40
IMAGES = 12


def states() -> dict[str, int]:
    """The digest of a program after each number of steps."""
    program = native()
    found = {digest(program): 0}
    for step in range(STEPS):
        train(program, 1, IMAGES, first=step)
        found[digest(program)] = step + 1
    return found


def many_steps(threads: str) -> str:
    """Fifty steps on some threads."""
    program = native(threads=int(threads))
    train(program, 50)
    return digest(program)


def in_child(work: Callable[[], str]) -> str:
    """What work gives in a child of this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # never a child that hangs
        status = 1
        try:
            os.write(writing, work().encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    assert status == 0, f"a child ended with {status}"
    return text


def fork_between_calls() -> str:
    """Parent and child go on from the same state, each with threads of its own."""
    program = native()
    train(program, 3, IMAGES)

    def go_on() -> str:
        train(program, 3, IMAGES, first=3)
        return f"{digest(program)} {threading.active_count()}"

    child = in_child(go_on)
    return f"{child} {go_on()}"


def fork_during_calls() -> str:
    """While another thread trains, each child finds a state between two steps, and goes on."""
    known = states()
    program = native()
    trainer = threading.Thread(target=train, args=(program, STEPS, IMAGES))
    trainer.start()

    def go_on() -> str:
        step = known[digest(program)]
        if step < STEPS:
            train(program, 1, IMAGES, first=step)
            assert known[digest(program)] == step + 1
        return str(step)

    found = []
    while trainer.is_alive():
        found.append(in_child(go_on))
    trainer.join()
    assert known[digest(program)] == STEPS
    return " ".join(found)


def interrupt_steps() -> str:
    """Interrupted again and again, a program comes to where it would have come undisturbed."""
    known = states()
    program = native()
    armed, done = False, False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal armed
        if armed:  # once for every time that somebody is ready for it
            armed = False
            raise KeyboardInterrupt

    def press() -> None:
        pause = 0.0002
        while not done:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(pause)
            pause *= 1.01  # at first there is no time for a step, in the end for many

    signal.signal(signal.SIGINT, interrupt)
    presser = threading.Thread(target=press, daemon=True)
    presser.start()
    interrupted, finished = 0, False
    while not finished:
        try:
            armed = True
            step = known[digest(program)]  # a state between two steps, or this fails
            while step < STEPS:
                train(program, 1, IMAGES, first=step)
                step += 1
            armed, finished = False, True
        except KeyboardInterrupt:
            interrupted += 1
    done = True
    presser.join()
    return f"{known[digest(program)]} {interrupted}"


def end_while_working() -> str:
    """The process ends although a thread, which nobody waits for, trains and trains."""
    program = native()
    train(program, 1)
    threading.Thread(target=train, args=(program, 10**9), daemon=True).start()
    time.sleep(0.05)
    return "ended"


def idle() -> str:
    """Target time, in seconds, that half a second of doing nothing takes."""
    program = native(threads=4)
    train(program, 2)
    time.sleep(0.05)
    before = time.process_time()
    time.sleep(0.5)
    return str(time.process_time() - before)


SCENES: dict[str, Callable[..., str]] = {
    scene.__name__: scene
    for scene in (
        many_steps,
        fork_between_calls,
        fork_during_calls,
        interrupt_steps,
        end_while_working,
        idle,
    )
}

if __name__ == "__main__":
    print(SCENES[sys.argv[1]](*sys.argv[2:]))  # noqa: T201
