r"""Pictures as PGF: drawing commands that LaTeX reads with ``\input``, set in the fonts of the paper around them."""

from __future__ import annotations

import re
import shutil
from io import BytesIO
from typing import Any

from stlbounds.errors import InvalidArgumentError, MissingDependencyError, OutputError
from stlbounds.plots.style import drawing

__all__ = ["pgf_text"]

#: Measured with the fonts of LaTeX itself; the paper's own fonts are used when it reads the file.
_SETTINGS = {"pgf.texsystem": "pdflatex", "pgf.rcfonts": False, "pgf.preamble": r"\usepackage{amsmath,amssymb}"}
_COMMENT = "% A picture by stlbounds and Matplotlib. The preamble needs \\usepackage{pgf} and amsmath.\n"
#: Matplotlib's words about its own preamble.
_HEADER = re.compile(r"\A(?:%%.*\n)*")
_START = "\\begingroup%\n"
#: Numbers at axes are marked by a command that Matplotlib expects in the preamble.
_LOCAL = "\\begingroup\\providecommand\\mathdefault[1]{#1}%\n"


def pgf_text(picture: Any) -> str:
    r"""A picture as LaTeX, without a figure environment around it.

    The preamble of the paper needs ``\usepackage{pgf}`` and amsmath. Widths are those of the picture: one of
    `stlbounds.plots.style.COLUMN` inches fills a column of 3.25 inches.

    Parameters
    ----------
    picture : matplotlib.figure.Figure
        Without images and without parts that are drawn as pixels.

    Returns
    -------
    str
        The same text for the same picture.

    Raises
    ------
    InvalidArgumentError
        If a part of the picture is made of pixels.
    MissingDependencyError
        If Matplotlib or pdflatex is not installed; Matplotlib measures words with LaTeX.
    OutputError
        If LaTeX cannot set a label.
    """
    with drawing():
        import matplotlib
        from matplotlib.image import _ImageBase

        if shutil.which("pdflatex") is None:
            raise MissingDependencyError(
                "pdflatex is not installed, so no PGF can be made; install a TeX distribution, for example "
                "apt-get install texlive-latex-recommended texlive-pictures, or save the picture as PDF")
        if picture.findobj(lambda part: isinstance(part, _ImageBase) or part.get_rasterized()):
            raise InvalidArgumentError("picture", "a picture with pixels", "made of lines, areas and words",
                                       "save it as PDF")
        written = BytesIO()
        with matplotlib.rc_context(_SETTINGS):
            try:
                picture.savefig(written, format="pgf", transparent=True)
            except (RuntimeError, ValueError) as error:
                # LatexError of Matplotlib is a RuntimeError; a label that LaTeX cannot set is a ValueError.
                raise OutputError(f"LaTeX cannot set a label of the picture: {error}") from error
    text = _HEADER.sub("", written.getvalue().decode())
    if not text.startswith(_START):
        raise OutputError("Matplotlib has written PGF of another form than this library knows")
    return _COMMENT + _LOCAL + text.removeprefix(_START)
