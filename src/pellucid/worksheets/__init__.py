"""Printable exercises with the numbers of a network, their keys, and grading by these."""
