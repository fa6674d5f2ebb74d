"""How good answers are, in numbers: pure functions of arrays."""
