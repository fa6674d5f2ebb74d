"""What users can name stays: in Python, and on the command line.

After a deliberate change: ``scripts/public-names --write``, and look at what it says is gone.
"""

from __future__ import annotations

from tests.public.surface import differences, recorded


def test_nothing_is_gone_and_everything_is_recorded() -> None:
    gone, changed, new = differences()
    record = "if it is meant: scripts/public-names --write, and look at what it says is gone"
    assert not gone, record
    assert not changed, record
    assert not new, record


def test_what_is_recorded() -> None:
    lines = recorded()
    assert len(lines) > 1000
    assert lines == sorted(set(lines))
    for start in ("pellucid.ImageClassifier.fit(", "pellucid.ops.Conv2D(", "$ pellucid train "):
        assert any(line.startswith(start) for line in lines)
