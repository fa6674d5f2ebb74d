"""Build the wheel, install it alone into a fresh environment, and try it there.

``scripts/wheel`` runs this; the environment, and all that the trial writes, is thrown away.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.wheel.requirements import oldest

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Build, compare, install, try; what fails ends it with a line that says so."""
    parser = argparse.ArgumentParser(prog="scripts/wheel", description=__doc__.split("\n")[0])
    parser.add_argument("--oldest", action="store_true", help="the oldest allowed dependencies")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to install for")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where wheel and sdist go")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pellucid-wheel-") as folder:
        wheel = build(options.out, Path(folder))
        python = install(wheel, Path(folder) / "environment", options.python, options.oldest)
        try_it(python, Path(folder))


def build(out: Path, spare: Path) -> Path:
    """The wheel, made from the sdist, which is made from the sources; both lie in ``out``.

    It must be the same file, byte for byte, as one that is made from the sources at once: then the
    sdist lacks nothing, and the same sources give the same wheel again.
    """
    build = [sys.executable, "-m", "build", "--no-isolation"]
    call([*build, "--outdir", str(out), str(ROOT)])
    call([*build, "--wheel", "--outdir", str(spare), str(ROOT)])
    (again,) = spare.glob("*.whl")
    wheel = out / again.name
    if wheel.read_bytes() != again.read_bytes():
        sys.exit(f"{wheel}: from the sdist it is not the same as from the sources")
    for file in (wheel, *out.glob(f"{wheel.name.split('-py3')[0]}.tar.gz")):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        print(f"{file}: {file.stat().st_size / 1e6:.1f} MB, SHA-256 {digest}", flush=True)
    return wheel


def install(wheel: Path, environment: Path, python: str, with_oldest: bool) -> Path:
    """The interpreter of a new environment that has the wheel and what it requires."""
    call([python, "-m", "venv", str(environment)])
    inside = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pinned = oldest(ROOT / "pyproject.toml") if with_oldest else []
    pip = [str(inside), "-m", "pip", "--disable-pip-version-check"]
    call([*pip, "install", "--quiet", str(wheel), *pinned])
    call([*pip, "check"])
    call([*pip, "list"])
    return inside


def try_it(python: Path, folder: Path) -> None:
    """README's example and the commands of ``first_steps.py``, away from the sources."""
    work = folder / "work"
    work.mkdir()
    for file in (ROOT / "README.md", ROOT / "examples" / "digit-7.png"):
        shutil.copy(file, work)
    steps = Path(__file__).with_name("first_steps.py")
    call([str(python), "-I", "-W", "error", str(steps)], cwd=work)


def call(command: list[str], cwd: Path | None = None) -> None:
    """Run a command; what it prints is shown if it fails, or if it is what is tried."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    if "build" not in command:
        print(done.stdout, end="", flush=True)


if __name__ == "__main__":
    main()
