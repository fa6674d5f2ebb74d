"""Print findings of made-up data as JSON, as the lab's page gets them: kind, words, values.

python -m tests.page.findings
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from pellucid.data.check import inspect
from pellucid.data.check.faults import fault_findings
from pellucid.data.check.inspection import _remark
from pellucid.data.check.report import DataReport
from pellucid.data.decisions.decision import Decision, Decisions
from pellucid.data.decisions.matched import Matched
from pellucid.data.faults import INVERTED, UNLABELLED, Fault
from pellucid.files.feature_file import FeatureSet
from pellucid.tasks import MultiLabel, Regression, SingleLabel
from pellucid.transfer.suspicions import with_suspicions

if TYPE_CHECKING:
    from pellucid.data.check import Finding

RANDOM = np.random.default_rng(3)


def _save(path: Path, pixels: Any = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if pixels is None:
        pixels = RANDOM.integers(0, 255, (24, 20, 3), np.uint8)
    Image.fromarray(pixels).save(path, "PNG")


def of_files(root: Path) -> tuple[Finding, ...]:
    """Of a folder in which much is wrong."""
    for part, of_class in (
        ("train", {"cat": 120, "dog": 3, "Dog": 2, "none": 1}),
        ("test", {"cat": 2}),
    ):
        for name, count in of_class.items():
            for i in range(count):
                _save(root / part / name / f"{i}.png")
    first = root / "train" / "cat" / "0.png"
    for copy in ("train/cat/copy.png", "train/dog/copy.png", "test/cat/copy.png"):
        (root / copy).write_bytes(first.read_bytes())
    near = np.asarray(Image.open(root / "train" / "cat" / "1.png")).astype(int)
    smooth = np.asarray(Image.fromarray(near.astype(np.uint8)).resize((200, 240)))
    _save(root / "train" / "cat" / "large.png", smooth)
    _save(
        root / "train" / "dog" / "larger.png",
        np.minimum(smooth.astype(int) + 9, 255).astype(np.uint8),
    )
    _save(root / "train" / "cat" / "tiny.png", np.zeros((3, 3), np.uint8))
    _save(
        root / "train" / "cat" / "deep.png", RANDOM.integers(0, 60_000, (24, 20)).astype(np.uint16)
    )
    _save(root / "train" / "cat" / "misnamed.jpg")
    (root / "train" / "cat" / "bad.png").write_bytes(b"no picture")
    (root / "train" / "cat" / "notes.txt").write_text("mine")
    return inspect(root).findings


def of_features() -> list[Finding]:
    """Of features by which labels are doubted, and of some that tell nothing."""
    labels = np.arange(80) % 2
    features = (RANDOM.normal(size=(80, 30)) + 2 * labels[:, None]).astype(np.float32)
    features[20] = features[10] * 1.01
    wrong = labels.copy()
    wrong[[33, 34]] = 1 - wrong[[33, 34]]
    several = np.stack([wrong, 1 - labels], axis=1).astype(np.uint8)
    names, parts = tuple(map(str, range(80))), np.full(80, 1, np.uint8)
    parts[20] = 3
    kept = [
        FeatureSet(features, names, "body", wrong, parts, SingleLabel(("a", "b"))),
        FeatureSet(features, names, "body", several, parts, MultiLabel(("a", "b"))),
        FeatureSet(
            features, names, "body", wrong[:, None].astype(float), parts,
            Regression(("angle",), (0.5,), (0.5,)),
        ),
        FeatureSet(
            RANDOM.normal(size=(60, 40)).astype(np.float32), names[:60], "body", np.arange(60) % 3,
            np.ones(60, np.uint8), SingleLabel(("a", "b", "c")),
        ),
    ]  # fmt: skip
    empty = DataReport("it", ("train", "test"), (), ())
    return [each for one in kept for each in with_suspicions(empty, one).findings]


def of_decisions() -> list[Finding]:
    """Of what was decided about pictures."""
    rows = (Decision("a.png", "keep"), Decision("b.png", "leave-out"), Decision("c.png", "keep"))
    matched = Matched(Decisions("d.csv", rows), {"a.png": rows[0], "b.png": rows[1]}, ("c.png",), 2)
    return [_remark(note) for note in matched.notes]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        every = [*of_files(Path(folder) / "data"), *of_features(), *of_decisions()]
    every += fault_findings(
        [Fault(INVERTED, "a.png", "cat (3, 1, 2, 2) in a.xml, line 3"), Fault(UNLABELLED, "b.png")]
    )
    json.dump(
        [{"kind": each.kind, "words": each.words, "values": each.values} for each in every],
        sys.stdout,
    )


if __name__ == "__main__":
    main()
