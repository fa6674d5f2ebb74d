"""``pellucid doctor``: the machine, what is installed, and whether all works as it should."""

from __future__ import annotations

from pellucid.cli import arguments
from pellucid.cli.terminal import fail, print_result, remarks


def doctor(json: arguments.Json = False) -> None:
    """Check this installation: machine, libraries, engines against each other, speed.

    Add what it prints to a bug report. The exit code is 1 if engines disagree.
    """
    from pellucid.evaluation.diagnosis.diagnosis import diagnose

    remarks().print("comparing engines and measuring speed, some twenty seconds")
    found = diagnose()
    print_result(found, json=json)
    if not found.agrees:
        fail("engines disagree; report it with what is printed above")
