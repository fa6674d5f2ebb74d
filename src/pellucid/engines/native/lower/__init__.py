"""From a graph to a plan: what is computed together, and where values lie."""
