"""The command line: one file per command, thin."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run a command and leave the process.

    Exit codes: 0 done, 1 failed with a one-line reason, 2 wrong use, 130 stopped by Ctrl-C.
    """
    from pellucid.cli.app import app
    from pellucid.cli.terminal import fail
    from pellucid.errors import PellucidError

    try:
        app()
    except PellucidError as error:
        fail(str(error))
    except MemoryError:
        fail("out of memory; use smaller pictures (--image-size) or a smaller --batch-size")
    except KeyboardInterrupt:
        fail("stopped", code=130)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
