"""The native engine: a compiler from graphs to machine code for the processor that it finds."""

from __future__ import annotations

from pellucid.engines.native.engine import NativeEngine

__all__ = ["NativeEngine"]
