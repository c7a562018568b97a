"""The commands, one file each.

A file `NAME.py` (with underscores for dashes) holds `run`, whose signature is the command's options and whose docstring
is its help, and `EXAMPLES`, the lines that `--help` ends with.
"""

from __future__ import annotations

__all__ = ["COMMANDS"]

#: In the order of `stlbounds --help`.
COMMANDS = (
    "list",
    "init",
    "derive",
    "eval",
    "enclose",
    "compare",
    "minimize",
    "rate",
    "limit",
    "threshold",
    "phase-diagram",
    "horizon",
    "max-generations",
    "sample-size",
    "min-real-fraction",
    "check",
    "check-claim",
    "measure",
    "self-check",
    "sweep",
    "plot",
    "report",
    "latex",
    "reproduce",
    "doctor",
)
