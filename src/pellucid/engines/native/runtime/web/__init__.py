"""Compiled code for browsers: a WebAssembly module, its memory, and where everything lies."""
