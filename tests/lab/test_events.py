"""What a tab hears: the whole state first, then what is new, until the lab ends."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import TYPE_CHECKING, Any

from pellucid.lab.events import RunsStream
from pellucid.lab.lab import Lab
from pellucid.lab.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HEAD = "step,epoch,loss,accuracy,rate,images_per_second\n"


def heard(events: Iterable[bytes]) -> dict[str, Any]:
    """The events of a look, by name."""
    found = {}
    for each in events:
        name, data = each.decode().removesuffix("\n\n").split("\n")
        found[name.removeprefix("event: ")] = json.loads(data.removeprefix("data: "))
    return found


def test_first_everything_then_what_is_new(runs: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    shutil.copytree(runs, root)
    lab = Lab(Runs(root))
    identifier, run = next(iter(lab.runs.listed().items()))
    stream = RunsStream(lab, identifier)
    first = heard(stream.news())
    assert {row["id"] for row in first["runs"]} == set(lab.runs.listed())
    assert [row["epoch"] for row in first["history"]] == [1, 2]
    assert first["steps"]["fresh"]
    assert first["gone"] is False
    assert heard(stream.news()) == {}

    steps = run.path / "live" / "steps.csv"
    steps.parent.mkdir(exist_ok=True)
    before = steps.read_text() if steps.exists() else HEAD
    steps.write_text(before + "9000,3,0.5,0.75,0.01,800\n")
    assert heard(stream.news())["steps"]["rows"][-1] == {
        "step": 9000, "epoch": 3, "loss": 0.5, "accuracy": 0.75, "rate": 0.01,
        "images_per_second": 800,
    }  # fmt: skip
    with steps.open("a") as file:
        file.write("9001,3,0.25,,0.01,800\n9002,3,0.1")  # the last one is being written
    found = heard(stream.news())["steps"]
    assert (found["fresh"], [row["step"] for row in found["rows"]]) == (False, [9001])
    steps.write_text(HEAD + "1,1,2.5,,0.01,800\n")  # another training took the folder
    found = heard(stream.news())["steps"]
    assert (found["fresh"], [row["step"] for row in found["rows"]]) == (True, [1])

    shutil.rmtree(run.path)
    lab.runs.listed(fresh=True)
    found = heard(stream.news())
    assert found["gone"] is True
    assert identifier not in {row["id"] for row in found["runs"]}
    lab.close()


def test_a_stream_ends_with_the_lab(tmp_path: Path) -> None:
    lab = Lab(Runs(tmp_path))

    async def listen() -> list[bytes]:
        found = []
        async for each in RunsStream(lab, None).events():
            found.append(each)
            lab.ending.set()
        return found

    found = asyncio.run(asyncio.wait_for(listen(), 60))
    assert found[0].startswith(b"retry: ")
    lab.close()
