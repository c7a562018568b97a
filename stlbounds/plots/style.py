"""How all pictures look: a column of a paper wide, readable in grey, and the same bytes for the same numbers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stlbounds.errors import InvalidArgumentError, MissingDependencyError, OutputError
from stlbounds.files import write_text
from stlbounds.symbols import entry

__all__ = ["COLUMN", "FORMATS", "LINES", "PAGE", "TERM_FILLS", "TERM_LABELS", "drawing", "figure", "generation_axis",
           "needs_logarithm", "save", "symbol_label", "visible"]

#: Widths in inches: one column of a two-column paper, and both.
COLUMN, PAGE = 3.25, 6.75

#: Line styles that tell curves apart without colour: dashes, width, grey, marker.
LINES: tuple[dict[str, Any], ...] = (
    {"linestyle": "-", "color": "black", "marker": "o"},
    {"linestyle": "--", "color": "#3d3d3d", "marker": "s"},
    {"linestyle": "-.", "color": "#5c5c5c", "marker": "^"},
    {"linestyle": ":", "color": "#5c5c5c", "marker": "D"},
    {"linestyle": (0, (5, 1)), "color": "#8a8a8a", "marker": "v"},
    {"linestyle": (0, (1, 3)), "color": "black", "marker": "P"},
)
#: How the terms of a bound are filled; those of one theorem differ in grey or in hatching.
TERM_FILLS: dict[str, dict[str, Any]] = {
    "drift": {"facecolor": "#4d4d4d"}, "bias": {"facecolor": "#9a9a9a"}, "concentration": {"facecolor": "#d9d9d9"},
    "fluctuation": {"facecolor": "#d9d9d9"}, "stability": {"facecolor": "#9a9a9a"}, "sampling": {"facecolor": "white"},
    "optimisation": {"facecolor": "white", "hatch": "////"}, "comparator": {"facecolor": "white", "hatch": "xxxx"},
    "smallest": {"facecolor": "#d9d9d9"},
}
TERM_LABELS = {"drift": "drift", "bias": "stability bias", "concentration": "concentration",
               "smallest": "smallest bound"}

#: Neither dates nor versions: the same data give the same bytes.
FORMATS: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
#: What `save` writes: the formats of Matplotlib's own canvases, and PGF for LaTeX.
_ENDINGS = (*FORMATS, "pgf")

#: Beyond this ratio a linear axis hides the smaller values.
_LINEAR_RATIO = 60.0
#: Beyond this Matplotlib's axes overflow.
_LARGEST = 1e250
_STYLE = {
    "font.size": 8.0, "axes.labelsize": 8.0, "axes.titlesize": 8.0, "legend.fontsize": 7.0, "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0, "font.family": "STIXGeneral", "mathtext.fontset": "stix",
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.6, "xtick.major.width": 0.6,
    "ytick.major.width": 0.6, "xtick.minor.width": 0.4, "ytick.minor.width": 0.4, "lines.linewidth": 1.0,
    "lines.markersize": 3.0, "legend.frameon": False, "legend.handlelength": 2.4, "hatch.linewidth": 0.4,
    "svg.hashsalt": "stlbounds", "svg.fonttype": "path", "pdf.fonttype": 42, "axes.unicode_minus": True,
    "axes.formatter.use_mathtext": True,
}


@contextmanager
def drawing() -> Iterator[None]:
    """The style of the library, while a picture is drawn or written; nothing global is left changed.

    Raises
    ------
    MissingDependencyError
        If Matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise MissingDependencyError(
            "the figure needs Matplotlib; install it with: pip install 'stlbounds[plot]'") from error
    with matplotlib.rc_context(_STYLE):
        yield


def figure(width: float = COLUMN, height: float | None = None) -> Any:
    """An empty `matplotlib.figure.Figure` that no window and no `pyplot` knows of.

    Parameters
    ----------
    width : float
        In inches, `COLUMN` or `PAGE` for example.
    height : float, optional
        By default two thirds of the width.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    if not 1 <= width <= 50:
        raise InvalidArgumentError("width", width, "in [1, 50] inches")
    layout = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03)
    made = Figure(figsize=(width, height or width * 0.68), layout=layout)
    FigureCanvasAgg(made)
    # Notebooks show what has this method; they would else print the name of the class.
    setattr(made, "_repr_png_", partial(_png, made))  # noqa: B010  # Matplotlib declares no such method
    return made


def _png(picture: Any) -> bytes:
    """A figure as a notebook shows it."""
    buffer = BytesIO()
    with drawing():
        picture.savefig(buffer, format="png", dpi=160, metadata=FORMATS["png"])
    return buffer.getvalue()


def save(picture: Any, path: str | Path) -> Path:
    r"""Write a picture as PDF, SVG, PNG or PGF, by the ending of the name.

    PGF is LaTeX: a paper reads it with ``\input`` and sets its words in fonts of its own.

    Parameters
    ----------
    picture : matplotlib.figure.Figure
    path : str or pathlib.Path

    Returns
    -------
    pathlib.Path
        The file; the same bytes for the same picture.

    Raises
    ------
    InvalidArgumentError
        If the ending is another one.
    MissingDependencyError
        If PGF is asked for and pdflatex is not installed; Matplotlib measures words with it.
    OutputError
        If the file cannot be written.
    """
    path = Path(path)
    kind = path.suffix.removeprefix(".").lower()
    if kind not in _ENDINGS:
        endings = ", ".join(f".{name}" for name in _ENDINGS)
        raise InvalidArgumentError("path", path, f"a file name that ends in {endings}")
    if path.exists() and not path.is_file():
        raise OutputError(f"cannot write {path}: it is no regular file")
    if kind == "pgf":
        from stlbounds.plots.pgf import pgf_text

        write_text(path, pgf_text(picture))
        return path
    waiting = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.{kind}")
    try:
        with drawing():
            picture.savefig(waiting, metadata=FORMATS[kind], transparent=kind == "svg", dpi=300)
        waiting.replace(path)
    except OSError as error:
        waiting.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    return path


def visible(values: npt.ArrayLike) -> np.ndarray[Any, Any]:
    """The values that a logarithmic axis can show, NaN for the others."""
    found = np.asarray(values, dtype=float)
    return np.where((found > 0) & (found < _LARGEST), found, np.nan)


def needs_logarithm(*curves: npt.ArrayLike) -> bool:
    """Whether the smaller of the values would vanish on a linear axis."""
    values = np.concatenate([np.ravel(np.asarray(curve, dtype=float)) for curve in curves])
    shown = values[values > 0]
    return bool(shown.size) and bool(shown.max() > _LINEAR_RATIO * shown.min())


def symbol_label(name: str) -> str:
    """A symbol of the vocabulary as the label of an axis, with its meaning."""
    known = entry(name)
    return f"${known.latex}$, {known.meaning}"


def generation_axis(axes: Any, generations: Sequence[int], label: str = "generation") -> None:
    """The horizontal axis, with whole numbers only."""
    axes.set_xlabel(label)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if len(generations) == 1:
        axes.set_xlim(generations[0] - 2, generations[0] + 2)
        axes.set_xticks(generations)
