"""Bounds, claims and proofs on paper and on a terminal: LaTeX, plain text, and PDF."""
