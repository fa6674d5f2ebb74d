"""The lecture's own examples, computed here, for the page's chapters."""

from __future__ import annotations

from typing import Any

from pellucid.explain.lecture import lecture


def slides_data() -> dict[str, Any]:
    """What the slides give and show, see :mod:`pellucid.explain.lecture`."""
    found = lecture().to_dict()
    names = (
        "image", "kernel", "feature_map", "misprint", "rectified", "pooled", "flattened",
        "softmax", "targets", "networks",
    )  # fmt: skip
    return {name: found[name] for name in names}
