"""Graphs, layers, weights and summaries."""
