"""One picture's way through a network as a workbook of live formulas."""
