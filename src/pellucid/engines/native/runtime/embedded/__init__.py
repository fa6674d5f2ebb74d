"""A network as an object file, to be linked into programs in other languages."""
