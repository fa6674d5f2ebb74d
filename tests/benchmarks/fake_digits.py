"""A script that says it has learned digits."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    epochs, seed, out, folder, rate, threads = sys.argv[1:]
    if seed == "13":
        sys.exit("no luck")
    printed = {"epochs": epochs, "folder": folder, "rate": rate, "threads": threads}
    Path(out).write_text(json.dumps(printed))
    print(json.dumps({"saved": out}), flush=True)  # noqa: T201
    print(json.dumps({"accuracy": 0.98 + int(seed) / 100}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
