"""The schemas of the documentation describe what is written, and its example reads a model file."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

import pellucid as pl
from pellucid.evaluation.prediction_files import json_parts
from pellucid.evaluation.predictions import Prediction

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid import Dataset, ImageClassifier

DOCS = Path(__file__).resolve().parents[2] / "docs"


def validator(name: str) -> Draft202012Validator:
    schemas = {path.name: json.loads(path.read_text()) for path in DOCS.glob("*.schema.json")}
    found = [(key, Resource.from_contents(value)) for key, value in schemas.items()]
    registry: Registry[Any] = Registry().with_resources(found)
    Draft202012Validator.check_schema(schemas[name])
    return Draft202012Validator(schemas[name], registry=registry)


def without(key: str) -> Callable[[Any], None]:
    return lambda value: (value[0] if isinstance(value, list) else value).pop(key)


def more(value: Any) -> None:
    value[0]["probabilities"]["zero"] = 1.5


def check(name: str, value: Any, *spoilt: Callable[[Any], None]) -> None:
    """The value fits its schema, and no longer once it is spoilt."""
    checked = validator(name)
    written = json.loads(json.dumps(value))
    checked.validate(written)
    for spoil in spoilt:
        other = copy.deepcopy(written)
        spoil(other)
        assert not checked.is_valid(other)


def test_report(classifier: ImageClassifier, digits: tuple[Dataset, Dataset]) -> None:
    report = classifier.evaluate(digits[1].subset(range(50)))
    check("report.schema.json", report.to_dict(), without("confusion"), without("accuracy"))


@pytest.mark.parametrize("values", [True, False])
def test_trace(
    classifier: ImageClassifier, digits: tuple[Dataset, Dataset], *, values: bool
) -> None:
    trace = classifier.trace(digits[1].images[0]).to_dict(values=values)
    check("trace.schema.json", trace, without("steps"), lambda each: each["steps"][1].pop("shape"))


def test_predictions(classifier: ImageClassifier, digits: tuple[Dataset, Dataset]) -> None:
    rows = classifier.predict_proba(digits[1].images[:2])
    answers = [Prediction(f"{n}.png", probabilities=row) for n, row in enumerate(rows)]
    assert classifier.model_ is not None
    text = b"".join(json_parts(answers, classifier.model_.task, 3))
    check("predictions.schema.json", json.loads(text), without("picture"), more)


def test_a_run(digits: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    model = pl.ImageClassifier("lecture", epochs=1, seed=0, verbose=0)
    model.fit(
        digits[0].subset(range(64)), validation_data=digits[1].subset(range(32)), out=tmp_path
    )
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    check("run-config.schema.json", config, without("recipe"), without("preprocessing"))


def test_a_model_file_is_read_as_the_page_shows(
    classifier: ImageClassifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    classifier.save("digits.safetensors")
    page = (DOCS / "written-files.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own
    assert classifier.model_ is not None
    own = classifier.model_.network.weights["conv1.kernel"]
    np.testing.assert_array_equal(names["kernel"], own)
