"""Run the notebooks of examples/notebooks, each from a fresh kernel; scripts/notebooks does so.

Without arguments they are checked: a cell that fails ends it. ``--write`` also keeps what the cells
put out, which is what readers and the site see; names choose some of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "notebooks"


def main() -> None:
    """Run the notebooks that are named, or all."""
    parser = argparse.ArgumentParser(prog="scripts/notebooks", description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="keep what the cells put out")
    parser.add_argument("names", nargs="*", help="a part of their names")
    options = parser.parse_args()
    for path in sorted(FOLDER.glob("*.ipynb")):
        if not options.names or any(name in path.name for name in options.names):
            begun = perf_counter()
            run(path, write=options.write)
            print(f"{path.name}: {perf_counter() - begun:.0f} s", flush=True)


def run(path: Path, *, write: bool) -> None:
    """Run one notebook in its folder; an error of a cell is raised with its code."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(FOLDER)}},
    )
    client.execute()
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    if write:
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
