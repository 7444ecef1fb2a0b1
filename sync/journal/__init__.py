"""The station's append-only journal, written inside the node's own transactions."""
