"""The file of a page: what its policy lets run, and what its data hold."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from typing import Any

import numpy as np
import pytest

from pellucid.data.preprocessing import Preprocessing
from pellucid.errors import ArgumentError
from pellucid.files import Model
from pellucid.layers import BatchNorm, Conv2D, Dense, Flatten, MaxPool, ReLU, Sequential
from pellucid.page import make_page
from pellucid.page.samples import Samples
from pellucid.version import __version__
from tests.engines.networks import network

LAYERS = [Conv2D(4, 3), BatchNorm(), ReLU(), MaxPool(2), Flatten(), Dense(2)]


def model(names: tuple[str, str] = ("cat", "dog")) -> Model:
    graph = Sequential(LAYERS).graph((8, 8, 1))
    return Model(network(graph), names, Preprocessing(8, 8, 1))


def samples() -> Samples:
    pixels = np.random.default_rng(3).integers(0, 256, (2, 8, 8, 1), np.uint8)
    return Samples(pixels, ("</script><b>", "other"), (0, None))


def parts(html: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What a page knows, and its blobs."""
    found = re.findall(r'<script type="text/plain" data-blob="([\w-]+)">([\w+/=]*)</script>', html)
    blobs = {name: zlib.decompress(base64.b64decode(text), 31) for name, text in found}
    (data,) = re.findall(r'<script type="application/json" id="page">(.*?)</script>', html)
    return json.loads(data), blobs


def test_the_policy_names_the_one_script_and_the_one_style() -> None:
    html = make_page(model(), samples(), title="<x-y>&").to_html()
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    allowed = [
        base64.b64encode(hashlib.sha256(x.encode()).digest()).decode() for x in (script, style)
    ]
    runs = f"script-src 'sha256-{allowed[0]}' 'wasm-unsafe-eval'; style-src 'sha256-{allowed[1]}'"
    assert policy == [
        f"default-src 'none'; img-src data:; {runs}; worker-src blob:; media-src blob:"
    ]
    assert "<x-y>" not in html
    assert "<title>&lt;x-y&gt;&amp;</title>" in html


def test_a_page_has_the_licences_of_what_it_is_made_of() -> None:
    html = make_page(model(), samples()).to_html()
    notices = html.partition('id="licences">')[2].partition("</script>")[0]
    packages = notices.split("\n## ")[1:]
    assert {"clsx", "svelte"} <= {package.split(" - ")[0] for package in packages}
    for package in packages:
        assert "Permission is hereby granted" in package
        assert 'THE SOFTWARE IS PROVIDED "AS IS"' in package
    assert f"Pellucid {__version__}, whose licence is Apache-2.0" in notices


def test_names_with_markup_stay_text() -> None:
    html = make_page(model(("</script><img>", "\u202ex")), samples()).to_html()
    data, _ = parts(html)
    assert html.count("</script>") == html.count("<script")
    assert data["model"]["names"][0] == "</script><img>"
    assert data["samples"]["names"][0] == "</script><b>"


def test_weights_pictures_and_modules_come_along() -> None:
    own, pictures = model(), samples()
    data, blobs = parts(make_page(own, pictures).to_html())
    planes = np.frombuffer(blobs[data["weights"]["floats"]], np.uint8).reshape(4, -1)
    floats = np.ascontiguousarray(planes.T).view("<f4").reshape(-1)
    expected = np.concatenate([a.reshape(-1) for a in own.network.weights.values()])
    expected = expected.astype(np.float32)
    np.testing.assert_array_equal(floats, expected)
    assert blobs[data["samples"]["pixels"]] == pictures.pixels.tobytes()
    for program in data["programs"].values():
        for module in program["modules"].values():
            assert blobs[module].startswith(b"\0asm")
        count = sum(np.prod(w["shape"]) * w["copies"] for w in program["weights"])
        assert len(blobs[program["addresses"]]) == 4 * count


def test_a_convolution_that_took_in_a_norm_bears_its_name() -> None:
    data, _ = parts(make_page(model(), samples()).to_html())
    nodes = {node["name"]: node for node in data["graph"]["nodes"]}
    assert "conv1" not in nodes
    assert nodes["norm1"]["kind"] == "conv2d"
    assert nodes["norm1"]["weights"] == {"kernel": "norm1.kernel", "bias": "norm1.bias"}
    (fold,) = data["graph"]["folds"]
    assert (fold["into"], fold["kernel"], fold["norm"]) == ("norm1", "conv1.kernel", "norm1")


def test_large_networks_are_refused_with_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pellucid.page.page.MOST_BYTES", 500)
    with pytest.raises(ArgumentError, match="allow-large"):
        make_page(model(), samples())
    assert make_page(model(), samples(), allow_large=True).data["format"] == 1


def test_layers_that_predict_as_one_come_apart_for_gradients() -> None:
    data, _ = parts(make_page(model(), samples()).to_html())
    graph = data["graph"]
    assert graph["whole"] == [node.name for node in model().network.graph.nodes]
    assert [node["kind"] for node in graph["apart"]] == ["conv2d", "batch_norm"]
    assert graph["reading"]["inputs"] == [graph["output"]]
    gradients = data["programs"]["backward"]["weight_gradients"]
    assert gradients.keys() == {
        store
        for node in graph["nodes"]
        for store in node["weights"].values()
        if "norm" not in store
    } | {"conv1.kernel", "conv1.bias", "norm1.gamma", "norm1.beta"}


def test_functions_are_stated_with_their_kinks() -> None:
    data, _ = parts(make_page(model(), samples()).to_html())
    (relu,) = (node for node in data["graph"]["nodes"] if node["kind"] == "relu")
    assert (relu["formula"], relu["kinks"]) == ("MAX(0,x)", [[0.0, 0.0]])
