"""Several models: names, versions, and files that change while the service runs."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from pellucid.errors import ArgumentError
from pellucid.files import save_model
from pellucid.serving.sources import sources
from tests.files.models import model
from tests.serving.running import Here, pictures, png, service

if TYPE_CHECKING:
    from pathlib import Path

BODY = png(pictures(1)[0])


def answer(here: Here, query: str = "") -> tuple[int, Any]:
    found = here.client.post(f"/predict{query or '?'}&probabilities=true", content=BODY)
    assert found.status_code == 200, found.text
    values = found.json()
    return values["version"], values["answers"][0]["probabilities"]


def test_names() -> None:
    def names(*given: str) -> list[str]:
        return [each.name for each in sources(given)]

    assert names("runs/photos", "a/b c.safetensors", "efficientnet-lite0") == [
        "photos", "b-c", "efficientnet-lite0",
    ]  # fmt: skip
    assert names("cats=runs/photos", "cats=runs/other") == ["cats", "cats"]
    for wrong in (["a/run", "b/run"], ["../x=run"], ["<b>=run"], ["run", "run=other"]):
        with pytest.raises(ArgumentError):
            names(*wrong)


def test_versions(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.safetensors" for i in range(3)]
    for i, path in enumerate(paths):
        save_model(path, model(i))
    with service(f"pets={paths[0]}", f"pets={paths[1]}", f"other={paths[2]}") as here:
        assert here.client.post("/predict", content=BODY).status_code == 400
        one, two = (answer(here, f"?model=pets&version={n}") for n in (1, 2))
        assert one[1] != two[1]
        assert answer(here, "?model=pets") == two
        assert answer(here, "?model=other")[0] == 1
        found = here.client.get("/v2/models/pets/versions/1").json()
        assert found["versions"] == ["1", "2"]
        page = here.client.get("/").text
        assert page.count('<a href="/page/pets') == 2
        here.client.post("/v2/repository/models/pets/load")
        assert here.client.get("/v2/models/pets").json()["versions"] == ["3", "4"]
        assert answer(here, "?model=pets&version=3") == (3, one[1])


def test_versions_that_load_at_the_same_time(tmp_path: Path) -> None:
    """Each becomes a version of its own, whichever is done first."""
    paths = [tmp_path / f"{i}.safetensors" for i in range(2)]
    for i, path in enumerate(paths):
        save_model(path, model(i))
    with service(f"pets={paths[0]}", f"pets={paths[1]}") as here:

        async def both() -> None:
            loading = [
                asyncio.create_task(here.models._reload(each.source))
                for each in here.models.versions("pets").values()
            ]
            await asyncio.sleep(0)
            time.sleep(0.5)  # both are loaded before either is taken in
            await asyncio.gather(*loading)

        before = sorted(str(answer(here, f"?model=pets&version={n}")[1]) for n in (1, 2))
        here.client.wait(both())
        numbers = here.client.get("/v2/models/pets").json()["versions"]
        after = sorted(str(answer(here, f"?version={n}")[1]) for n in numbers)
        assert after == before


def test_a_file_that_changes(tmp_path: Path) -> None:
    """A good one is exchanged; a bad one is reported, and the old one goes on."""
    path = tmp_path / "pets.safetensors"
    save_model(path, model(0))
    with service(path) as here:
        first = answer(here)
        watching = asyncio.run_coroutine_threadsafe(here.models.watch(0.01), here.client.loop)

        def until(version: int, error: bool) -> dict[str, Any]:
            for _ in range(6000):
                found: dict[str, Any] = here.client.get("/v2/models/pets").json()
                failed = bool(found["parameters"]["reload_error"])
                if (found["versions"], failed) == ([str(version)], error):
                    return found
                time.sleep(0.01)
            raise AssertionError(here.said)

        path.write_bytes(path.read_bytes()[:-7])
        described = until(1, error=True)
        assert "pets.safetensors" in described["parameters"]["reload_error"]
        assert answer(here) == first
        assert 'pellucid_model_reload_failed{model="pets"} 1.0' in here.client.get("/metrics").text
        assert any("goes on" in line for line in here.said)
        done = here.client.post("/v2/repository/models/pets/load")
        assert done.status_code == 400
        (listed,) = here.client.post("/v2/repository/index").json()
        assert "pets.safetensors" in listed["reason"]
        save_model(path, model(1))
        until(2, error=False)
        version, probabilities = answer(here)
        assert version == 2
        assert probabilities != first[1]
        assert 'pellucid_model_reload_failed{model="pets"} 0.0' in here.client.get("/metrics").text
        path.unlink()  # nothing is loaded, and nothing breaks
        time.sleep(0.05)
        assert answer(here) == (2, probabilities)
        watching.cancel()


def test_why_a_file_is_not_used_is_kept_by_file(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.safetensors" for i in range(2)]
    for i, path in enumerate(paths):
        save_model(path, model(i))
    with service(f"pets={paths[0]}", f"pets={paths[1]}") as here:

        def listed() -> list[str]:
            return [each["reason"] for each in here.client.post("/v2/repository/index").json()]

        def apart() -> list[str]:
            numbers = here.client.get("/v2/models/pets").json()["versions"]
            found = [here.client.get(f"/v2/models/pets/versions/{n}").json() for n in numbers]
            return [each["parameters"]["reload_error"] for each in found]

        def reasons() -> list[str]:
            """Of a moment at which they stay: files are watched meanwhile."""
            while True:
                before, found = listed(), apart()
                if listed() == before:
                    assert found == before
                    return before

        good = paths[0].read_bytes()
        paths[0].write_bytes(good[:-7])
        watching = asyncio.run_coroutine_threadsafe(here.models.watch(0.01), here.client.loop)
        while not any(reasons()):
            time.sleep(0.01)
        assert ["0.safetensors" in reason for reason in reasons()] == [True, False]
        save_model(paths[1], model(2))  # another version that is well says nothing of the first
        while here.client.get("/v2/models/pets").json()["versions"] != ["1", "3"]:
            time.sleep(0.01)
        assert ["0.safetensors" in reason for reason in reasons()] == [True, False]
        assert 'pellucid_model_reload_failed{model="pets"} 1.0' in here.client.get("/metrics").text
        watching.cancel()
