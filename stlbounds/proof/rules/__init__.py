"""The rules of inference, by topic: leaves, algebra, drift (theory §4), influence (§3), the gap (§5)."""
