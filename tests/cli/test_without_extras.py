"""Commands where no extra is installed: what needs one says which in a line, the rest works."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

WITHOUT = textwrap.dedent(
    """
    import sys
    from importlib.machinery import PathFinder

    ABSENT = {
        "httptools", "multipart", "onnx", "onnxruntime", "onnxscript", "openpyxl",
        "prometheus_client", "python_multipart", "skimage", "soundfile", "starlette", "torch",
        "uvicorn", "uvloop", "webdataset",
    }

    class Core(PathFinder):
        @classmethod
        def find_spec(cls, name, path=None, target=None):
            if name.partition(".")[0] in ABSENT:
                return None
            return super().find_spec(name, path, target)

    sys.meta_path[:] = [Core if each is PathFinder else each for each in sys.meta_path]
    from pellucid.cli import main
    main()
    """
)


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", WITHOUT, *map(str, arguments)]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def test_the_lab_and_the_service_say_what_to_install(tmp_path: Path) -> None:
    for command, extra in ((["lab", "."], "lab"), (["serve", "run"], "serve")):
        done = run(tmp_path, *command)
        assert done.returncode == 1, done.stderr
        (line,) = done.stderr.splitlines()
        assert line.endswith(f'pip install "pellucid[{extra}]"')


def test_worksheets_and_mistakes_need_no_extra(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    pellucid("train", picture_folder, "--epochs", 1, "--no-report", "--out", "run")
    for command in (
        ["worksheet", "run", "--out", "s.html", "--key", "k.html", "--form", "f.csv"],
        ["mistakes", "run", "--nearest", 2, "--html", "m.html"],
    ):
        done = run(tmp_path, *command)
        assert done.returncode == 0, done.stderr
    assert all((tmp_path / name).stat().st_size for name in ("s.html", "k.html", "k.csv", "m.html"))
