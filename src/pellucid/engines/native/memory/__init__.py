"""Layouts of values and weights, live ranges of buffers, and the arena that holds them."""
