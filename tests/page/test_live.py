"""Pages that follow a training: what their policy lets in, and the weights that they are given."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import save

from pellucid import ImageClassifier
from pellucid.errors import ArgumentError, DataError, FileFormatError
from pellucid.estimators.live_page import live_page
from pellucid.files import load_model
from pellucid.files.lock import FolderLock
from pellucid.page import Feed, make_page
from pellucid.page.weights import page_weights, weights_bytes
from pellucid.text import PAGE_START
from pellucid.training.network_file import PLACE, network_bytes, read_network
from pellucid.training.snapshot import LIVE_WEIGHTS
from tests.page.lessons import CASES
from tests.page.test_file import model, parts, samples

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pellucid.estimators.live_page import LivePage
    from pellucid.files import Model
    from pellucid.page import Page

FEED = Feed("../api/events?run=1", "../api/runs/1/weights")


def floats(content: bytes) -> np.ndarray:
    return np.frombuffer(content, "<f4")


def row(weights: Mapping[str, np.ndarray], page: Page) -> np.ndarray:
    """All weights as one row, in a page's order."""
    rows = [weights[name].reshape(-1) for name, _ in page.data["weights"]["names"]]
    return np.concatenate(rows).astype(np.float32)


def test_a_page_that_follows_may_fetch_from_its_own_origin_and_others_from_nowhere() -> None:
    page = make_page(model(), samples())
    own, following = page.to_html(), page.following(FEED).to_html()
    assert "connect-src" not in own
    assert following.encode().startswith(PAGE_START)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', following)
    assert policy.startswith("default-src 'none'")
    assert [part for part in policy.split("; ") if part.startswith("connect-src")] == [
        "connect-src 'self'"
    ]
    assert parts(following)[0]["live"] == {"events": FEED.events, "weights": FEED.weights}
    assert parts(own)[0].get("live") is None


def test_a_page_that_follows_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="lab"):
        make_page(model(), samples()).following(FEED).save(tmp_path / "net.html")
    assert not list(tmp_path.iterdir())


def test_weights_are_in_the_page_s_order_and_of_its_shapes() -> None:
    own = model()
    page = make_page(own, samples())
    names = page.data["weights"]["names"]
    weights = {name: own.network.weights[name] for name in sorted(own.network.weights)[::-1]}
    np.testing.assert_array_equal(floats(weights_bytes(names, weights)), row(weights, page))
    assert [name for name, _ in names] == list(page_weights(own))
    other = {**weights, "norm1.beta": np.zeros(5, np.float32)}
    with pytest.raises(DataError, match=r"norm1\.beta is 5, expected 4"):
        weights_bytes(names, other)
    del other["norm1.beta"]
    with pytest.raises(DataError, match="missing"):
        weights_bytes(names, other)


def trained(folder: Path) -> ImageClassifier:
    case = CASES["sgd"]
    settings = {**case.settings, "epochs": 2}
    made = ImageClassifier(case.fitted().architecture, validation=0, **settings)
    return made.fit(case.data().train, out=folder)


def newest(page: LivePage) -> tuple[bytes, dict[str, str]]:
    found = page.newest()
    assert found is not None
    return found


def describe(folder: Path, own: Model, notes: dict[str, Any]) -> None:
    place = folder.joinpath(*PLACE)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(network_bytes(own, notes))


def lay_out(folder: Path, weights: dict[str, np.ndarray], epoch: int, step: int) -> None:
    path = folder.joinpath(*LIVE_WEIGHTS)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(save(weights, {"step": str(step), "epoch": str(epoch)}))


def test_a_run_in_training_gives_what_it_has_laid_out_and_one_that_has_ended_its_model(
    tmp_path: Path,
) -> None:
    run = tmp_path / "run"
    trained(run)
    found = load_model(run / "model.safetensors")
    laid = {name: array + np.float32(1) for name, array in found.network.weights.items()}
    lay_out(run, laid, 2, 17)
    best = found.provenance["results"]["epoch"]

    described = read_network(run)
    assert described is not None
    assert described.model.network.graph == found.network.graph
    page = live_page(run, FEED)  # nobody trains there: what was laid out is older than the model
    assert page.snapshot is not None
    assert (page.snapshot.epoch, page.snapshot.step) == (best, None)
    content, headers = newest(page)
    np.testing.assert_array_equal(floats(content), row(found.network.weights, page.page))
    assert headers == {"Pellucid-Epoch": str(best)}

    lock = FolderLock(run)
    content, headers = newest(page)
    expected = row(laid, page.page)
    np.testing.assert_array_equal(floats(content), expected)
    assert headers == {"Pellucid-Epoch": "2", "Pellucid-Step": "17"}
    data, blobs = parts(live_page(run, FEED).html().decode())  # opens with the newest at once
    planes = np.frombuffer(blobs[data["weights"]["floats"]], np.uint8).reshape(4, -1)
    np.testing.assert_array_equal(planes.T.copy().view("<f4").reshape(-1), expected)
    lock.release()


def test_a_run_before_its_first_epoch_is_a_page_by_what_describes_its_network(
    tmp_path: Path,
) -> None:
    case = CASES["sgd"]
    own = case.fitted().model_
    lock = FolderLock(tmp_path)
    with pytest.raises(DataError):
        live_page(tmp_path, FEED)
    describe(tmp_path, own, {"data": "gone/pictures"})
    page = live_page(tmp_path, FEED)
    assert page.model.network.graph == own.network.graph
    assert page.snapshot is None
    assert any("gone/pictures" in note for note in page.page.notes)
    assert page.page.data["learn"] is None
    assert page.newest() is None
    lay_out(tmp_path, dict(own.network.weights), 1, 3)
    np.testing.assert_array_equal(floats(newest(page)[0]), row(own.network.weights, page.page))
    lock.release()


def test_weights_of_another_network_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    own = model()
    lock = FolderLock(tmp_path)
    describe(tmp_path, own, {})
    page = live_page(tmp_path, FEED)
    lay_out(tmp_path, {**own.network.weights, "dense1.bias": np.zeros(7, np.float32)}, 1, 1)
    with pytest.raises(FileFormatError, match="another network"):
        page.newest()
    path = tmp_path.joinpath(*LIVE_WEIGHTS)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(FileFormatError, match="damaged"):
        page.newest()
    lock.release()


def test_a_description_comes_back_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    assert read_network(tmp_path) is None
    own = model(("a </script>", "\u202eb"))
    describe(tmp_path, own, {"data": "x"})
    found = read_network(tmp_path)
    assert found is not None
    assert (found.model.network.graph, found.model.task) == (own.network.graph, own.task)
    assert found.model.preprocessing == own.preprocessing
    assert found.notes == {"data": "x"}
    assert not any(array.any() for array in found.model.network.weights.values())
    place = tmp_path.joinpath(*PLACE)
    document = json.loads(place.read_text())
    broken = (
        b"{",
        b"[]",
        json.dumps({**document, "format": 2}).encode(),
        json.dumps({**document, "graphs": {}}).encode(),
        json.dumps({**document, "graphs": []}).encode(),
        json.dumps({**document, "task": {"kind": "none"}}).encode(),
    )
    for content in broken:
        place.write_bytes(content)
        with pytest.raises(FileFormatError):
            read_network(tmp_path)
