"""The tests, as one package, so that helpers are imported by their full names."""
