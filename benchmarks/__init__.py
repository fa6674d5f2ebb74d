"""How fast the engines are, beside the frameworks; run with ``scripts/bench``."""
