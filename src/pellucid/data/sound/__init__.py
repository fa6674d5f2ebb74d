"""Sound in: recordings as pictures of what sounds when, and how high."""

from __future__ import annotations

from pellucid.data.sound.settings import Sound

__all__ = ["Sound"]
