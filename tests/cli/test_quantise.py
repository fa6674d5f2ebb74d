"""``pellucid quantise`` on the command line, and what commands make of a quantised model."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from pellucid.explain.methods import METHODS
from pellucid.files import load_model
from pellucid.graph import is_quantised
from tests.cli.running import here

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.dataset import Dataset
    from tests.cli.conftest import Command


@pytest.fixture(scope="module")
def kept(
    digits: tuple[Dataset, Dataset], model_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Some digits as a folder, with a part to learn from and one to validate by; a quantised model
    of them; and a picture. Not to be changed.
    """
    root = tmp_path_factory.mktemp("quantised")
    for part, data in zip(("train", "val"), digits, strict=True):
        for i in range(60):
            folder = root / "digits" / part / data.classes[data.places[i]]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(data.images[i, :, :, 0]).save(folder / f"{i}.png")
    Image.fromarray(digits[1].images[0, :, :, 0]).save(root / "digit.png")
    given = ["quantise", model_path, root / "digits", "-o", "whole.safetensors", "--pictures", 40]
    assert here(tuple(given), root, {}).returncode == 0
    return root


@pytest.fixture
def pictures(kept: Path, tmp_path: Path) -> Path:
    """The folder; a picture lies where commands run."""
    shutil.copy(kept / "digit.png", tmp_path)
    return kept / "digits"


@pytest.fixture
def whole(kept: Path, pictures: Path) -> Path:
    """A quantised model of digits."""
    return kept / "whole.safetensors"


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


def test_integers_are_shown_and_exported(pellucid: Command, whole: Path, tmp_path: Path) -> None:
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


GRADIENTS = [name for name in METHODS if name not in ("occlusion", "visual-backprop")]

WORK = [
    "predict MODEL digit.png --engine reference",
    "predict MODEL digit.png --engine torch",
    "evaluate MODEL DATA",
    "compare MODEL REAL DATA",
    "compare REAL MODEL DATA",
    "verify MODEL MODEL digit.png --engine-b torch",
    "verify MODEL MODEL digit.png --engine-b reference",
    "trace MODEL digit.png",
    "trace MODEL digit.png -o trace.html",
    "trace MODEL digit.png -o trace.xlsx",
    "explain MODEL digit.png --method occlusion",
    "explain MODEL digit.png --method visual-backprop",
    "explain MODEL digit.png --method all",
    "kernels MODEL -o kernels.png",
    "summary MODEL",
    "explain-plan MODEL",
    "features DATA --from MODEL -o features.npz",
    "surgery MODEL digit.png --mute conv2:3",
    "surgery MODEL digit.png --set conv2.kernel:0,0,0,0=50",
    "surgery MODEL digit.png --remove relu1 -o changed.safetensors",
    "surgery MODEL digit.png --swap pool1",
    "export MODEL -o whole.onnx",
    "compile MODEL -o compiled",
]

REFUSE = [
    "page MODEL -o page.html",
    "page MODEL DATA -o page.html",
    "page MODEL DATA --learn -o page.html",
    "page MODEL digit.png --no-learn -o page.html",
    "train DATA --start-from MODEL -e 1",
    "train DATA --from MODEL",
    "train DATA --from MODEL --fine-tune 1 -e 2",
    *(f"explain MODEL digit.png --method {name}" for name in GRADIENTS),
    "explain MODEL digit.png --method evidence --tangent",
    "explain MODEL digit.png",
    "kernels MODEL --deconv DATA -o found.png",
    "backward MODEL digit.png --label 3",
    "lecture MODEL digit.png --label 3",
    "add-class MODEL DATA/train/3 --name ten --data DATA -o more",
    "surgery MODEL digit.png --set conv2.kernel:0,0,0,0=0.5",
    "quantise MODEL DATA",
]


@pytest.mark.parametrize("line", WORK)
def test_commands_that_work(
    pellucid: Command, whole: Path, model_path: Path, pictures: Path, line: str
) -> None:
    names = {"MODEL": str(whole), "DATA": str(pictures), "REAL": str(model_path)}
    pellucid(*(names.get(each, each) for each in line.split()))


@pytest.mark.parametrize("line", REFUSE)
def test_commands_that_refuse(
    pellucid: Command, whole: Path, pictures: Path, tmp_path: Path, line: str
) -> None:
    """In one line, which ``pellucid`` checks, and without files left behind."""
    there = {*tmp_path.iterdir()}
    given = line.replace("MODEL", str(whole)).replace("DATA", str(pictures)).split()
    done = pellucid(*given, code=1)
    assert "quantised" in done.stderr.splitlines()[-1]
    assert {*tmp_path.iterdir()} == there


def test_a_quantised_layer_is_muted_by_what_it_reads(
    pellucid: Command, whole: Path, tmp_path: Path
) -> None:
    graph = load_model(whole).network.graph
    step = graph[graph["conv2"].inputs[0]]
    done = pellucid("surgery", whole, "digit.png", "--mute", f"{step.name}:0", code=1)
    assert step.inputs[0] in done.stderr.splitlines()[-1]
    pellucid("surgery", whole, "digit.png", "--mute", f"{step.inputs[0]}:0")
