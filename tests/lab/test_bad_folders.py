"""Runs that vanish, lead elsewhere, block or are none while a lab looks at them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pellucid.errors import OutputError
from pellucid.files import check_inside
from pellucid.files.lock import FolderLock
from pellucid.lab.app import ROUTES
from pellucid.lab.events import RunsStream
from pellucid.lab.follow import Follow
from pellucid.lab.runs import FRESH, Runs
from pellucid.training.live import write_control
from tests.lab.conftest import NAMES
from tests.lab.running import Opened, opened
from tests.lab.test_decisions import KEEP, change, put
from tests.lab.test_events import heard
from tests.lab.test_every_parameter import BODIES, STREAMS, ask, filled, harmless

if TYPE_CHECKING:
    from collections.abc import Iterator

unix = pytest.mark.skipif(sys.platform == "win32", reason="names and links as of Unix")


@pytest.fixture(autouse=True)
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise OSError("nothing is trained here")

    monkeypatch.setattr("pellucid.lab.jobs.subprocess.Popen", started)


@pytest.fixture
def work(runs: Path, tmp_path: Path) -> Path:
    """The runs, to be damaged."""
    shutil.copytree(runs, tmp_path / "work" / "runs")
    return tmp_path / "work" / "runs"


def whole_session(lab: Opened, identifier: str) -> None:
    """Ask every route about a run, as a page would."""
    usual: dict[str, Any] = {
        "first": identifier, "run": identifier, "name": "kept", "changes": [], "paused": True,
        "edits": [{"edit": "mute", "layer": "conv1", "channel": 0}],
    }  # fmt: skip
    for route in ROUTES:
        for method in sorted((route.methods or set()) - {"HEAD"}):
            path = filled(route, "", b"", identifier)
            given = {n: usual[n] for n in BODIES.get(route.path, ()) if n in usual}
            query = b"run=" + identifier.encode() if route.path in STREAMS else b""
            harmless(*ask(lab, method, path, query=query, body=json.dumps(given).encode()), path)


def test_a_run_that_is_removed_while_it_is_shown(work: Path, picture_folder: Path) -> None:
    with opened(work, str(picture_folder)) as lab:
        identifier, run = next(iter(lab.lab.runs.listed().items()))
        lab.lab.runs._until = time.monotonic() + 3_600  # it is still in the list
        stream, follow = RunsStream(lab.lab, identifier), Follow(lab.lab, run.path)
        heard(stream.news()), heard(follow.news())
        for name in ("live", "history.csv", "config.json", "model.safetensors", ""):
            place = run.path / name
            shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
            whole_session(lab, identifier)
            heard(stream.news()), heard(follow.news())


def test_data_and_runs_that_have_gone(work: Path, picture_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(picture_folder, tmp_path / "data")
    with opened(work, str(tmp_path / "data")) as lab:
        identifier = next(iter(lab.lab.runs.listed()))
        picture = lab.get("api/data/pictures?label=one")["pictures"][0]
        assert lab.ask("GET", f"api/data/pictures/{picture['id']}").status_code == 200
        shutil.rmtree(tmp_path / "data")
        harmless(*ask(lab, "GET", f"/api/data/pictures/{picture['id']}".encode()), picture)
        whole_session(lab, identifier)
        shutil.rmtree(work)
        whole_session(lab, identifier)
        assert lab.get("api/runs")["runs"] is not None
        lab.lab.runs.listed(fresh=True)
        assert lab.get("api/runs")["runs"] == []


@unix
def test_nothing_blocks_that_is_no_file(work: Path) -> None:
    first, second = work / NAMES[0], work / NAMES[1]
    (first / "live").mkdir(exist_ok=True)
    for run, names in (
        (first, ("live/steps.csv", "live/progress.json", "history.csv", "live/control.json")),
        (second, ("config.json", "model.safetensors", "last.safetensors")),
    ):
        for name in names:
            (run / name).unlink(missing_ok=True)
            os.mkfifo(run / name)
    os.mkfifo(work / "decisions.csv")
    with opened(work) as lab:
        for identifier, listed in lab.lab.runs.listed().items():
            whole_session(lab, identifier)
            heard(RunsStream(lab.lab, identifier).news())
            heard(Follow(lab.lab, listed.path).news())


@unix
def test_links_in_a_run_have_nothing_else_replaced(work: Path, tmp_path: Path) -> None:
    run, precious = work / NAMES[0], tmp_path / "precious"
    precious.write_text("mine")
    place = run / "live" / "progress.json"
    place.write_text(json.dumps({**json.loads(place.read_text()), "ended": ""}))
    for name in ("wanted.json", "control.json"):
        (run / "live" / name).unlink(missing_ok=True)
        (run / "live" / name).symlink_to(precious)
    with opened(work) as lab:
        assert "wanted.json" in heard(Follow(lab.lab, run).news())["failed"]["error"]
    with pytest.raises(OutputError, match=r"control\.json"):
        write_control(run, paused=True)
    (run / "live").rename(tmp_path / "elsewhere")
    (run / "live").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "control.json").unlink()
    with pytest.raises(OutputError, match=r"control\.json"):
        write_control(run, paused=True)
    assert precious.read_text() == "mine"
    assert not (tmp_path / "elsewhere" / "control.json").exists()


@unix
def test_a_link_to_decisions_elsewhere_is_not_followed(
    work: Path, picture_folder: Path, tmp_path: Path
) -> None:
    (work / "decisions.csv").symlink_to(tmp_path / "elsewhere.csv")
    with opened(work, str(picture_folder)) as lab:
        path = lab.get("api/data/pictures?label=one")["pictures"][0]["name"]
        found = put(lab, change(path, KEEP))
        assert found.status_code == 400
        assert "decisions.csv" in found.json()["error"]
    assert not (tmp_path / "elsewhere.csv").exists()


def test_what_is_inside(tmp_path: Path) -> None:
    check_inside(tmp_path / "a" / "b", tmp_path)
    for elsewhere in (tmp_path / ".." / "b", tmp_path.with_name(tmp_path.name + "b") / "c"):
        with pytest.raises(OutputError):
            check_inside(elsewhere, tmp_path)


@unix
def test_a_training_goes_into_no_folder_that_is_there(picture_folder: Path, tmp_path: Path) -> None:
    from pellucid.text import folder_name

    root, name = tmp_path / "runs", f"{folder_name(str(picture_folder))}-lab"
    (tmp_path / "elsewhere").mkdir()
    root.mkdir()
    (root / name).symlink_to(tmp_path / "elsewhere")
    (root / f"{name}-2").mkdir()  # another lab's, whose training has just begun
    with opened(root, str(picture_folder)) as lab, pytest.raises(OutputError, match="is trained"):
        lab.lab.jobs.start({"epochs": 1})
    assert (root / f"{name}-3" / "train.log").exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert list((root / f"{name}-2").iterdir()) == []


@unix
def test_names_of_any_bytes(work: Path) -> None:
    for i, name in enumerate(
        (b"a\nb", b"\xff\xfe", "\u202eabc".encode(), b"'\"`$(id)", b"\x1b[31m")
    ):
        with contextlib.suppress(OSError):  # some systems take text alone
            shutil.copytree(work / NAMES[0], work / os.fsdecode(name + b"%d" % i))
    (work / "loop").symlink_to(work)
    (work / "nothing").symlink_to(work / "nothing")
    with opened(work) as lab:
        rows = lab.get("api/runs")["runs"]
        assert len(rows) >= 5
        for row in rows:
            assert row["path"].isprintable()
            assert lab.get(f"api/runs/{row['id']}")["run"]["path"] == row["path"]
            heard(RunsStream(lab.lab, row["id"]).news())


def test_a_root_that_is_a_link(work: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    try:
        link.symlink_to(work)
    except OSError:
        pytest.skip("no links here")
    assert len(Runs(link).listed()) == 2


def test_a_long_search_is_repeated_seldom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("pellucid.lab.runs.time.monotonic", lambda: now)

    def searched(_: Path) -> list[Any]:
        nonlocal now
        now += took
        return []

    monkeypatch.setattr("pellucid.lab.runs.list_runs", searched)
    for took, rests in ((0.0, FRESH), (10.0, 100.0)):  # noqa: B007 - searched reads it
        runs = Runs(tmp_path)
        runs.listed()
        assert runs._until - now == pytest.approx(rests)


_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_WATCHED: list[list[str]] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not _WATCHED:
        return
    if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
        if (arguments[2] or 0) & _WRITES:
            _WATCHED[-1].append(os.fsdecode(arguments[0]))
    elif event in ("os.mkdir", "os.remove", "os.rmdir", "os.rename", "os.link", "os.symlink"):
        _WATCHED[-1] += [os.fsdecode(a) for a in arguments[:2] if isinstance(a, str | bytes | Path)]


@pytest.fixture
def written() -> Iterator[list[str]]:
    """The paths that this process writes meanwhile; hooks cannot be removed, and so one stays."""
    if not hasattr(sys, "_pellucid_watched"):
        sys.addaudithook(_watch)
        sys._pellucid_watched = True  # type: ignore[attr-defined]
    _WATCHED.append([])
    yield _WATCHED[-1]
    _WATCHED.pop()


def test_nothing_is_written_outside(
    work: Path, picture_folder: Path, tmp_path: Path, written: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    cache = tmp_path / "cache"
    monkeypatch.setenv("PELLUCID_CACHE", str(cache))
    for run in work.iterdir():  # as if they ran
        place = run / "live" / "progress.json"
        place.write_text(json.dumps({**json.loads(place.read_text()), "ended": ""}))
    lock = FolderLock(work / NAMES[0])
    written.clear()
    with opened(work, str(picture_folder)) as lab:
        identifier = lab.lab.runs.identifier(work / NAMES[0])
        whole_session(lab, identifier)
        heard(Follow(lab.lab, work / NAMES[0]).news())
        path = lab.get("api/data/pictures?label=one")["pictures"][0]["name"]
        assert put(lab, change(path, KEEP)).status_code == 200
        lab.lab.working.submit(lambda: None).result(300)  # after all that was begun
    lock.release()
    inside = [os.path.realpath(work), os.path.realpath(cache)]
    places = {os.path.realpath(path) for path in written if path != os.devnull}
    assert not [place for place in places if not any(Path(place).is_relative_to(i) for i in inside)]
    names = {str(Path(place).relative_to(inside[0])) for place in places if inside[0] in place}
    assert any(name.startswith(f"{NAMES[0]}{os.sep}live") for name in names), names
