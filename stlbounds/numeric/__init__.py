"""Numbers: one way of evaluating an expression per file."""
