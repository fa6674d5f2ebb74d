"""What a tab hears: the whole state first, then what is new, until the lab ends."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import TYPE_CHECKING, Any

from pellucid.lab.events import RunsStream
from pellucid.lab.lab import Lab
from pellucid.lab.runs import Runs
from tests.lab.running import TOKEN, opened

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest

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


def test_streams_are_counted_and_let_go(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pellucid.lab.stream.MOST", 2)
    with opened(runs) as lab:
        run = next(iter(lab.lab.runs.listed()))
        for path in ("api/events", f"api/runs/{run}/events"):
            head = lab.ask("HEAD", path)  # ends, although a stream does not
            assert (head.status_code, head.content) == (200, b"")

        async def listen(heard: asyncio.Event) -> None:
            scope: dict[str, Any] = {
                "type": "http", "method": "GET", "headers": [(b"host", b"localhost")],
                "path": f"/{TOKEN}/api/events", "raw_path": b"", "query_string": b"",
                "http_version": "1.1", "scheme": "http", "server": ("localhost", 80),
                "root_path": "",
            }  # fmt: skip

            async def receive() -> dict[str, Any]:
                await asyncio.sleep(3_600)
                raise AssertionError

            async def send(message: dict[str, Any]) -> None:
                if message.get("body"):
                    heard.set()

            await lab.lab_app(scope, receive, send)

        async def two_and_one() -> None:
            tasks = []
            for _ in range(2):
                heard = asyncio.Event()
                tasks.append(asyncio.ensure_future(listen(heard)))
                await heard.wait()
            refused = await lab.client.asking.get(f"/{TOKEN}/api/events")
            assert refused.status_code == 503
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert lab.lab.listening == 0

        lab.client.wait(two_and_one())


def test_what_breaks_in_a_thread_is_shown_in_the_terminal(
    picture_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("pellucid.lab.checking.inspect", lambda *_, **__: 1 // 0)
    with opened(tmp_path, str(picture_folder)) as lab:
        lab.ask("POST", "api/data/check", json={})
        lab.lab.working.submit(lambda: None).result(60)
        found = lab.get("api/data")["check"]
    assert found["state"] == "failed"
    assert "terminal" in found["error"]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_run_that_is_removed_is_gone_at_once_and_what_was_heard_of_it_stays(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "runs"
    shutil.copytree(runs, root)
    lab = Lab(Runs(root))
    monkeypatch.setattr("pellucid.lab.runs.FRESH", 1e9)  # the list is not searched again
    identifier, run = next(iter(lab.runs.listed().items()))
    stream = RunsStream(lab, identifier)
    assert heard(stream.news())["gone"] is False
    shutil.rmtree(run.path)
    assert identifier in lab.runs.listed()
    found = heard(stream.news())
    assert found["gone"] is True
    assert not {"history", "steps"} & found.keys()  # empty ones would take the place of curves
