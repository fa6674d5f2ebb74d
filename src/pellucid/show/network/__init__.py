"""A network as a drawing: its graph as an outline, the outline laid out, the layout as SVG.

graph → outline.py (steps, branches, repeats) → layout.py (boxes and lines) → svg.py
"""
