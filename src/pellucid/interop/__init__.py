"""Networks of others: weights by name, ONNX files, and modules of PyTorch."""
