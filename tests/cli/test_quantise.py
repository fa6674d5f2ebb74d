"""``pellucid quantise`` on the command line, and what commands make of a quantised model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from pellucid.files import load_model
from pellucid.graph import is_quantised

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.dataset import Dataset
    from tests.cli.conftest import Command


@pytest.fixture
def pictures(digits: tuple[Dataset, Dataset], tmp_path: Path) -> Path:
    """Some digits as a folder with a part to learn from and one to validate by."""
    for part, data in zip(("train", "val"), digits, strict=True):
        for i in range(60):
            folder = tmp_path / "digits" / part / data.classes[data.places[i]]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(data.images[i, :, :, 0]).save(folder / f"{i}.png")
    Image.fromarray(digits[1].images[0, :, :, 0]).save(tmp_path / "digit.png")
    return tmp_path / "digits"


@pytest.fixture
def whole(pellucid: Command, model_path: Path, pictures: Path, tmp_path: Path) -> Path:
    """A quantised model of digits."""
    pellucid("quantise", model_path, pictures, "--out", "whole.safetensors", "--pictures", "40")
    return tmp_path / "whole.safetensors"


def test_reports_what_accuracy_it_costs(
    pellucid: Command, model_path: Path, pictures: Path, tmp_path: Path
) -> None:
    content = model_path.read_bytes()
    given = ["quantise", model_path, pictures, "-o", "whole.safetensors", "--pictures", "40"]
    done = pellucid(*given)
    assert "points lost on 60 pictures" in done.stdout
    assert "40 pictures" in done.stdout
    assert model_path.read_bytes() == content
    found = json.loads(pellucid(*given, "--json").stdout)
    before, after = (found["data"][each]["accuracy"] for each in ("first", "second"))
    assert before - after <= 0.02
    assert found["weight_bytes"][1] < 0.3 * found["weight_bytes"][0]
    model = load_model(tmp_path / "whole.safetensors")
    assert is_quantised(model.network.graph)
    assert model.provenance["quantised"]["layers"] == found["quantised"]["layers"]
    assert (tmp_path / "whole.safetensors").stat().st_size < 0.5 * len(content)


def test_bfloat16_needs_no_pictures(
    pellucid: Command, model_path: Path, pictures: Path, tmp_path: Path
) -> None:
    given = ["quantise", model_path, pictures, "-o", "narrow.safetensors", "--to", "bfloat16"]
    assert "in bfloat16" in pellucid(*given).stdout
    found = json.loads(pellucid(*given, "--json").stdout)
    before, after = (found["data"][each]["accuracy"] for each in ("first", "second"))
    assert abs(before - after) <= 0.02
    assert found["weight_bytes"][1] < found["weight_bytes"][0]
    assert found["quantised"]["to"] == "bfloat16"
    model = load_model(tmp_path / "narrow.safetensors")
    assert is_quantised(model.network.graph)
    pellucid("evaluate", "narrow.safetensors", pictures)
    pellucid("predict", "narrow.safetensors", "digit.png")
    pellucid("explain", "narrow.safetensors", "digit.png", "--method", "occlusion")
    assert "quantised" in pellucid("page", "narrow.safetensors", "-o", "p.html", code=1).stderr


def test_commands_that_work(pellucid: Command, whole: Path, pictures: Path, tmp_path: Path) -> None:
    assert "right of 60 pictures" in pellucid("evaluate", whole, pictures).stdout
    pellucid("predict", whole, "digit.png")
    pellucid("explain", whole, "digit.png", "--method", "occlusion")
    pellucid("export", whole, "-o", "whole.onnx")
    (name,) = (
        node.inputs[0] for node in load_model(whole).network.graph.nodes if node.name == "conv2"
    )
    opened = json.loads(pellucid(
        "trace", whole, "digit.png", "--layer", "conv2", "--at", "3,2,5", "--json"
    ).stdout)  # fmt: skip
    details = opened["details"]
    terms = opened["terms"]
    assert all(term["layer"] == name and term["value"] == int(term["value"]) for term in terms)
    reached = details["whole_sum"] * details["input_scale"] * details["weight_scale"]
    assert reached == pytest.approx(opened["value"], rel=1e-5)
    answers = [
        json.loads(pellucid("predict", model, "digit.png", "--json").stdout)
        for model in (whole, tmp_path / "whole.onnx")
    ]
    one, two = ({each["class"]: each["probability"] for each in a[0]["guesses"]} for a in answers)
    assert one == pytest.approx(two, abs=1e-3)


@pytest.mark.parametrize(
    "arguments",
    [
        ("page", "MODEL", "-o", "page.html"),
        ("train", "DATA", "--start-from", "MODEL", "-e", "1"),
        ("train", "DATA", "--from", "MODEL"),
        ("explain", "MODEL", "digit.png", "--method", "grad-cam"),
        ("backward", "MODEL", "digit.png", "--label", "3"),
        ("surgery", "MODEL", "digit.png", "--set", "conv2.kernel:0,0,0,0=0.5"),
        ("quantise", "MODEL", "DATA"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_commands_that_refuse(
    pellucid: Command, whole: Path, pictures: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """In one line, which ``pellucid`` checks, and without files left behind."""
    there = {*tmp_path.iterdir()}
    given = [{"MODEL": str(whole), "DATA": str(pictures)}.get(each, each) for each in arguments]
    done = pellucid(*given, code=1)
    assert "quantised" in done.stderr
    assert {*tmp_path.iterdir()} == there
