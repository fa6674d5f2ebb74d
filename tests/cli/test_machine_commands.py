"""``pellucid time`` and ``pellucid doctor`` as users meet them, and what they measure."""

from __future__ import annotations

import json
import re
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pellucid.cores import available_threads
from pellucid.engines import ENGINES
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.reference import ReferenceEngine
from pellucid.errors import ArgumentError
from pellucid.evaluation import timing
from pellucid.evaluation.diagnosis import agreement, diagnosis
from pellucid.evaluation.diagnosis.diagnosis import Speed
from pellucid.evaluation.diagnosis.extras import EXTRAS, NEEDED
from pellucid.evaluation.diagnosis.machine import find_machine
from pellucid.evaluation.timing import time_network
from pellucid.files import save_model
from tests.engines.networks import network
from tests.files.models import graph, model

if TYPE_CHECKING:
    from tests.cli.conftest import Command

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_times(pellucid: Command, tmp_path: Path) -> None:
    save_model(tmp_path / "m.safetensors", model())
    (tmp_path / "pictures").mkdir()
    for k in range(2):
        Image.new("RGB", (9, 9), (k, 0, 0)).save(tmp_path / "pictures" / f"{k}.png")
    done = pellucid(
        "time", "m.safetensors", "pictures", "--batch", "1", "--batch", "3", "--threads", "1",
        "--seconds", "0.01", "--json",
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert [(row["threads"], row["batch"]) for row in said["rows"]] == [(1, 1), (1, 3)]
    for row in [*said["rows"], said["decoding"]]:
        assert row["calls"] >= 1
        assert 0 < row["median"] <= row["p95"]
    done = pellucid("time", "m.safetensors", "--seconds", "0.01", "--engine", "reference")
    assert "images/s" in done.stdout
    pellucid("time", "m.safetensors", "--engine", "reference", "--threads", "2", code=1)
    pellucid("time", "m.safetensors", "--batch", "0", code=2)
    pellucid("time", "m.safetensors", "--seconds", "0", code=1)
    pellucid("time", "lenet5", "pictures", code=1)


def test_what_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that only the network moves: a call of n images takes n seconds, one takes 100."""
    now = [0.0]
    sizes: list[int] = []

    class Program:
        def forward(self, images: Any) -> Any:
            sizes.append(len(images))
            now[0] += 100.0 if len(sizes) == 30 else float(len(images))
            return images

    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(ReferenceEngine, "load", lambda *_: Program())
    known = network(graph())
    found = time_network(known, engine="reference", batches=(1, 4), seconds=60.0)
    one, four = found.rows
    assert (one.median, four.median) == (1.0, 4.0)
    assert four.images_per_second == 1.0
    assert one.calls + four.calls == len(sizes) - 2 * (timing.WARM_UP + timing.TURNS)
    for wrong in (0, 1 << 20):
        with pytest.raises(ArgumentError, match="batch"):
            time_network(known, batches=(wrong,))


def test_the_doctor(pellucid: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement, "ANSWERS", {"lenet5": (28, 28, 1)})
    monkeypatch.setattr(diagnosis, "MEASURED", "lenet5")
    monkeypatch.setattr(diagnosis, "SHAPE", (28, 28, 1))
    said = json.loads(pellucid("doctor", "--json").stdout)
    assert said["agrees"] is True
    assert {each["engine"] for each in said["agreements"]} == {"native", "torch"}
    assert said["machine"]["threads"] == available_threads()
    assert said["needed"]["numpy"] == np.__version__
    assert said["speed"]["all"] > 0

    forward = NativeProgram.forward
    monkeypatch.setattr(NativeProgram, "forward", lambda *a: forward(*a) * 1.01)
    done = pellucid("doctor", code=1)
    assert "DIFFERS" in done.stdout


def test_an_engine_that_is_not_there_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement, "ANSWERS", {})
    monkeypatch.setitem(ENGINES, "torch", "pellucid.engines.absent:TorchEngine")
    found, absent = agreement.compare_engines()
    assert {each.engine for each in found} == {"native"}
    assert absent.keys() == {"torch"}
    forward = NativeProgram.forward
    monkeypatch.setattr(agreement, "ANSWERS", {"lenet5": (28, 28, 1)})
    monkeypatch.setattr(NativeProgram, "forward", lambda *a: forward(*a) * np.nan)
    answers, _ = agreement.compare_engines(["native"])[0]
    assert not answers.agrees


def test_a_slow_network_is_remarked_on_from_the_share_that_the_guide_names() -> None:
    guide = (PROJECT.parent / "docs" / "this-machine.md").read_text(encoding="utf-8")
    (share,) = re.findall(r"at least (\d+)\s%\s+of\s+the\s+peak", guide)
    machine = find_machine()
    threads = max(machine.threads, 1)

    def remarks(percent: int) -> list[str]:
        speed = Speed(100.0, 100.0 * threads, percent * threads, None)
        return [each for each in diagnosis._remarks(machine, speed) if "of the peak" in each]

    assert not remarks(int(share))
    (remark,) = remarks(int(share) - 1)
    assert f"{share}%" in remark


def test_machines_made_of_files(tmp_path: Path) -> None:
    files = {
        "proc/cpuinfo": "processor : 0\nmodel name : Some CPU\ncpu MHz : 2500.5\n",
        "proc/meminfo": "MemTotal: 1000 kB\nMemAvailable: 500 kB\n",
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/cpu.max": "100000 100000\n",
        "sys/devices/system/cpu/cpu0/cache/index0/level": "1\n",
        "sys/devices/system/cpu/cpu0/cache/index0/type": "Data\n",
        "sys/devices/system/cpu/cpu0/cache/index0/size": "32K\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = find_machine({"OMP_NUM_THREADS": "1", "PELLUCID_CACHE": "off"}, tmp_path)
    assert (found.processor, found.gigahertz, found.memory) == ("Some CPU", 2.5005, 1_024_000)
    assert (found.quota, found.threads, found.free) == (1, 1, 512_000)
    assert found.caches == ("L1 32K",)
    assert found.variables == {"OMP_NUM_THREADS": "1", "PELLUCID_CACHE": "off"}
    assert found.kept_in.startswith("nowhere")
    found = find_machine({"PELLUCID_THREADS": "3"}, tmp_path)
    assert found.threads == 3
    assert "PELLUCID_THREADS" in found.because


def test_every_extra_is_listed() -> None:
    project = tomllib.loads(PROJECT.read_text())["project"]

    def names(lines: list[str]) -> set[str]:
        return {line.split(">=")[0].split("[")[0].lower() for line in lines}

    assert {*NEEDED} == names(project["dependencies"])
    for extra, lines in project["optional-dependencies"].items():
        if extra not in ("dev", "docs", "notebooks"):  # for work on the product itself
            assert {*EXTRAS[extra]} == names(lines), extra
