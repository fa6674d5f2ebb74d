"""The command line: one file per command, thin."""

from __future__ import annotations


def main() -> None:
    """Run a command and leave the process.

    Exit codes: 0 done, 1 failed with a one-line reason, 2 wrong use, 130 stopped by Ctrl-C, 143 by
    SIGTERM while training.
    """
    from pellucid.cli.terminal import any_letters, explained

    any_letters()
    with explained():
        from pellucid.cli.app import app

        app(prog_name="pellucid")
