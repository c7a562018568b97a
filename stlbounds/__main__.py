"""The program `stlbounds`: runs the command line, and turns every error into one line and an exit code.

Exit codes: 0 fine, 1 the answer is no (a bound is contradicted), 2 bad input or no place for the output, 70 a fault of
the program itself, 130 interrupted, 141 nobody reads the output.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

from stlbounds.errors import StlboundsError

__all__ = ["main"]

BAD_INPUT = 2
#: Python's own answer to an exception is 1, which is ours for "the answer is no".
FAULT = 70
INTERRUPTED = 130
BROKEN_PIPE = 141
#: What the extra "cli" brings.
_EXTRA = frozenset({"typer", "rich", "click", "shellingham"})


def _complain(message: str) -> None:
    """One line on standard error, whatever the message holds, if there is anybody to read it."""
    with suppress(OSError):
        sys.stderr.write(f"stlbounds: {' '.join(message.split())}\n")
        sys.stderr.flush()


def _usage_error(error: Exception) -> str | None:
    """What a usage error of Click says; Typer has it under different names in different versions."""
    describe = getattr(error, "format_message", None)
    if describe is None:
        return None
    context = getattr(error, "ctx", None)
    return f"{describe()} (see {context.command_path if context is not None else 'stlbounds'} --help)"


def _silence() -> None:
    """Nothing more goes to standard output, also not at shutdown, when Python flushes it."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: Sequence[str] | None) -> int:
    from stlbounds.cli.app import app

    try:
        answer = app(args=None if arguments is None else list(arguments), prog_name="stlbounds", standalone_mode=False)
    except StlboundsError as error:
        _complain(str(error))
        return BAD_INPUT
    except SystemExit as stop:
        # 1 is Click's answer to a broken pipe, which it has silenced; 0 comes from Typer's shell completion.
        return 0 if not stop.code else BROKEN_PIPE
    except Exception as error:
        if type(error).__name__ == "Abort":
            raise KeyboardInterrupt from None
        said = _usage_error(error)
        if said is None:
            raise
        _complain(said)
        return BAD_INPUT
    if answer == INTERRUPTED:
        raise KeyboardInterrupt
    return answer if isinstance(answer, int) else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        The exit code.

    Examples
    --------
    >>> main(["eval", "generic", "--set", "n=-3"])
    2
    """
    # Python has None for a stream that was closed (`stlbounds list >&-`).
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    # Formulas are Unicode; a terminal that is not shows escapes instead of a traceback.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRA:
            raise
        _complain(f"the command line needs the package {package}; install it with: pip install 'stlbounds[cli]'")
        return BAD_INPUT
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`stlbounds list | head -1`).
        _silence()
        return BROKEN_PIPE
    except OSError as error:
        # Files are written by `stlbounds.files`, which has said what is wrong with them; this is a full disk, mostly.
        _silence()
        _complain(f"cannot write the output: {error.strerror or error}")
        return BAD_INPUT
    except MemoryError as error:
        _complain(f"not enough memory for this; choose smaller values ({str(error) or 'nothing is left'})")
        return BAD_INPUT
    except Exception:
        traceback.print_exc()
        _complain("this is a fault of stlbounds; please report it with the lines above")
        return FAULT
    return code


if __name__ == "__main__":
    sys.exit(main())
