"""``pellucid compile`` as users meet it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines.native.runtime.elf import read_object
from pellucid.errors import ArgumentError
from pellucid.files import Model, save_model
from pellucid.graph import Network
from pellucid.interop.c.compiling import compile_model
from pellucid.interop.c.words import name_of, number, string
from pellucid.layers import Conv2D, Normalise, Sequential
from pellucid.ops.find_boxes import SIDES
from pellucid.tasks import Detection, MultiLabel, Regression
from tests.engines.networks import network
from tests.files.models import graph, model

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def macros(header: str) -> dict[str, str]:
    """The macros of a header and their values."""
    return dict(re.findall(r"^#define (\w+) (.+)$", header, re.MULTILINE))


def test_an_object_file_and_its_header(pellucid: Command, tmp_path: Path) -> None:
    save_model(tmp_path / "cats-dogs.safetensors", model())
    done = pellucid("compile", "cats-dogs.safetensors", "--target", "thumbv7em", "--json")
    said = json.loads(done.stdout)
    folder = tmp_path / "cats_dogs-thumbv7em"
    described = read_object((folder / "cats_dogs.o").read_bytes())
    assert said["undefined"] == []
    assert said["code_bytes"] == described.code
    assert set(said["defined"]) == described.defined
    header = (folder / "cats_dogs.h").read_text(encoding="utf-8")
    for name in described.defined:
        assert f"{name}(" in header
    found = macros(header)
    assert (found["CATS_DOGS_HEIGHT"], found["CATS_DOGS_WIDTH"]) == ("6", "5")
    assert int(found["CATS_DOGS_WORK_BYTES"]) == said["work_bytes"]
    assert float(found["CATS_DOGS_SELF_TEST_TOLERANCE"][:-1]) > 0
    assert found["CATS_DOGS_MEAN"] == "{120.0f, 110.0f, 100.0f}"
    assert header.isascii()

    pellucid("compile", "cats-dogs.safetensors", "-o", "here", "--name", "n", "--dtype", "float32")
    assert "int n_run(const float *input" in (tmp_path / "here" / "n.h").read_text()
    pl.export_c(tmp_path / "cats-dogs.safetensors", tmp_path / "api", target="riscv32")
    assert read_object((tmp_path / "api" / "network.o").read_bytes()).machine == 243


def test_wrong_use(pellucid: Command, tmp_path: Path) -> None:
    save_model(tmp_path / "m.safetensors", model())
    pellucid("compile", "m.safetensors", "--target", "pdp11", code=2)
    done = pellucid("compile", "m.safetensors", "--name", "2nd", code=1)
    assert "2nd" in done.stderr
    pellucid("compile", "absent.safetensors", code=1)
    (tmp_path / "taken").write_text("")
    pellucid("compile", "m.safetensors", "-o", "taken", code=1)
    assert len([*tmp_path.iterdir()]) == 2


def test_tasks() -> None:
    known, small = network(graph()), Preprocessing(6, 5, 3)
    labels = compile_model(
        Model(known, MultiLabel(("a", "b", "c"), threshold=0.25), small), "x86_64", "net"
    )
    assert macros(labels.header)["NET_THRESHOLD"] == "0.25f"
    task = Regression(("x", "y", "z"), (1.0, 2.0, 3.0), (2.0, 2.0, 2.0), flat=False)
    numbers = compile_model(Model(known, task, small), "aarch64", "net")
    assert "probabilities" not in numbers.header
    huge = Regression(("x", "y", "z"), (1.0, 2.0, 3e99), (2.0, 2.0, 2.0), flat=False)
    with pytest.raises(ArgumentError, match="float32"):
        compile_model(Model(known, huge, small), "x86_64")
    layers = [
        Normalise([1.0, 2.0, 3.0], [60.0, 60.0, 60.0]),
        Conv2D(1 + len(SIDES), 3, padding="same"),
    ]
    boxes = network(Sequential(layers).graph((6, 5, 3)))
    with pytest.raises(ArgumentError, match="row of outputs"):
        compile_model(Model(boxes, Detection(("a",)), small), "x86_64")


@pytest.mark.parametrize(
    ("text", "name"),
    [("cats-dogs", "cats_dogs"), ("7 digits", "network_7_digits"), ("собака", "network")],
)
def test_names(text: str, name: str) -> None:
    assert name_of(text) == name


def test_literals() -> None:
    for text in ('quote " and \\', "what??/", "собака 7", "line\n*/", "\udcff"):
        literal = string(text)
        assert literal.isascii()
        assert "??" not in literal
        read = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), literal[1:-1])
        assert read.encode("latin-1") == text.encode("utf-8", "replace")
    for value in (0.1, 1e-30, 3.4e38, 120.0, -7.0, 1 / 3):
        literal = number(value)
        assert re.fullmatch(r"-?\d+\.?\d*(e[+-]\d+)?f", literal)
        assert "." in literal or "e" in literal
        assert np.float32(literal[:-1]) == np.float32(value)


def test_the_network_alone_is_compiled() -> None:
    """What a model was trained with besides leaves no trace."""
    plain = model()
    other = Network(plain.network.graph, dict(plain.network.weights), {"more": plain.network.graph})
    again = Model(other, plain.task, plain.preprocessing, plain.provenance)
    one, two = (compile_model(each, "x86_64", "net") for each in (plain, again))
    assert one.made.data == two.made.data
