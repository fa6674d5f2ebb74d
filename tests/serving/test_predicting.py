"""``POST /predict``: pictures in, answers out; what cannot be used fails alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.serving.running import Here, pictures, png, service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.fixture(scope="module")
def here(model_file: Path) -> Iterator[Here]:
    with service(model_file) as found:
        yield found


def answers(found: Any) -> list[dict[str, Any]]:
    assert found.status_code == 200, found.text
    values: list[dict[str, Any]] = found.json()["answers"]
    return values


def test_as_the_command_prints_it(
    here: Here, model_file: Path, pellucid: Command, tmp_path: Path
) -> None:
    for i, pixels in enumerate(pictures(3)):
        (tmp_path / f"{i}.png").write_bytes(png(pixels))
    printed = json.loads(
        pellucid(
            "predict", model_file, tmp_path, "--json", "--engine", "reference", "--top", 2
        ).stdout
    )
    files = [("file", (f"{i}.png", (tmp_path / f"{i}.png").read_bytes())) for i in range(3)]
    found = answers(here.client.post("/predict?top=2&probabilities=true", files=files))
    assert [each["picture"] for each in found] == ["0.png", "1.png", "2.png"]
    for each in printed:
        each["picture"] = each["picture"].rpartition("/")[2]
    assert found == printed


@pytest.mark.parametrize("kind", ["image/png", "application/x-www-form-urlencoded", ""])
def test_bytes_as_the_body(here: Here, kind: str) -> None:
    headers = {"content-type": kind} if kind else {}
    (found,) = answers(here.client.post("/predict", content=png(pictures(1)[0]), headers=headers))
    assert len(found["guesses"]) == 3
    assert sum(each["probability"] for each in found["guesses"]) == pytest.approx(1)


def test_probabilities_of_all_classes_for_who_asks(here: Here) -> None:
    body = png(pictures(1)[0])
    (short,) = answers(here.client.post("/predict?top=1", content=body))
    (whole,) = answers(here.client.post("/predict?top=1&probabilities=true", content=body))
    assert sum(whole["probabilities"].values()) == pytest.approx(1)
    assert whole["probabilities"][short["class"]] == short["guesses"][0]["probability"]
    assert "probabilities" not in short
    assert {**short, "probabilities": whole["probabilities"]} == whole


def test_one_bad_of_many_fails_alone(here: Here) -> None:
    good = [png(each) for each in pictures(2)]
    files = [
        ("a", ("a.png", good[0])), ("b", ("b.png", good[0][:40])), ("c", ("c.txt", b"no picture")),
        ("d", ("d.png", good[1])),
    ]  # fmt: skip
    found = answers(here.client.post("/predict", files=files))
    assert [each["class"] is None for each in found] == [False, True, True, False]
    assert [each.get("error", "").partition(":")[0] for each in found] == ["", "b.png", "c.txt", ""]
    alone = answers(here.client.post("/predict", files=[files[3]]))
    assert found[3] == alone[0]


def test_none_can_be_used(here: Here) -> None:
    found = here.client.post("/predict", content=b"\x89PNG\r\n\x1a\n")
    assert found.status_code == 422
    assert found.json()["error"] == found.json()["answers"][0]["error"]


@pytest.mark.parametrize(
    ("query", "body", "headers", "status", "named"),
    [
        ("", b"", {}, 400, "no picture"),
        ("", b"{}", {"content-type": "application/json"}, 415, "/v2/models"),
        ("?top=0", b"x", {}, 400, "top"),
        ("?top=1e3", b"x", {}, 400, "1e3"),
        ("?model=dogs", b"x", {}, 404, "pets"),
        ("?version=2", b"x", {}, 404, "version"),
    ],
)
def test_refusals(
    here: Here, query: str, body: bytes, headers: dict[str, str], status: int, named: str
) -> None:
    found = here.client.post(f"/predict{query}", content=body, headers=headers)
    assert found.status_code == status
    assert named in found.json()["error"]
    assert "\n" not in found.json()["error"]


def test_other_paths_and_methods(here: Here) -> None:
    missing = here.client.get("/predict/%0A<b>")
    assert missing.status_code == 404
    assert "\n" not in missing.json()["error"]
    wrong = here.client.get("/predict")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "OPTIONS, POST")
    asked = here.client.request("OPTIONS", "/predict")
    assert (asked.status_code, asked.headers["allow"]) == (204, "OPTIONS, POST")
    head = here.client.request("HEAD", "/v2/health/live")
    assert (head.status_code, head.content) == (200, b"")


def test_every_request_is_counted_and_logged(here: Here) -> None:
    del here.log[:]
    here.client.post("/predict", content=png(pictures(1)[0]))
    here.client.get("/nothing")
    first, second = map(json.loads, here.log)
    assert (first["status"], first["model"], first["version"], first["pictures"]) == (
        200, "pets", 1, 1,
    )  # fmt: skip
    assert (second["status"], second["path"]) == (404, "/nothing")
    text = here.client.get("/metrics").text
    for line in (
        'pellucid_requests_total{route="/predict",status="200"}',
        'pellucid_requests_total{route="other",status="404"}',
        'pellucid_waiting_pictures{model="pets",version="1"} 0.0',
        'pellucid_batch_pictures_bucket{le="1.0",model="pets"}',
        'pellucid_model_info{model="pets",',
    ):
        assert line in text


@pytest.mark.parametrize("query", ["top=1&top=2", "top=1&top=1", "model=pets&top=1&model=pets"])
def test_a_parameter_that_is_given_twice(here: Here, query: str) -> None:
    found = here.client.post(f"/predict?{query}", content=png(pictures(1)[0]))
    assert found.status_code == 400
    assert "twice" in found.json()["error"]
