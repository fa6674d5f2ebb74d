"""A service with a quantised model: it answers, and refuses what needs gradients in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.files import save_model
from pellucid.quantisation import quantise
from tests.files.models import model
from tests.serving.running import Here, pictures, png, service

if TYPE_CHECKING:
    from collections.abc import Iterator

BODY = png(pictures(1)[0])


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    path = tmp_path_factory.mktemp("quantised") / "pets.safetensors"
    save_model(path, quantise(model(), np.stack(pictures(8))).model)
    with service(path) as found:
        yield found


@pytest.mark.parametrize(
    "path",
    [
        "/predict",
        "/explain?method=occlusion&size=2",
        "/explain?method=all&size=2",
        "/trace",
        "/trace?layer=conv1&at=1,2,3",
    ],
)
def test_what_it_answers(here: Here, path: str) -> None:
    found = here.client.post(path, content=BODY)
    assert found.status_code == 200, found.text


@pytest.mark.parametrize("path", ["/explain", "/explain?method=grad-cam"])
def test_what_it_refuses(here: Here, path: str) -> None:
    found = here.client.post(path, content=BODY)
    assert found.status_code == 400
    assert "quantised" in found.json()["error"]


def test_pages(here: Here) -> None:
    """The model has none, and the list of models is at the root."""
    found = here.client.get("/page/pets")
    assert found.status_code == 400
    assert "quantised" in found.json()["error"]
    listed = here.client.get("/")
    assert listed.status_code == 200
    assert "pets" in listed.text
