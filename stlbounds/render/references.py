"""The few works that bounds and proofs cite, as data; only those that are cited get printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stlbounds.errors import InvalidArgumentError

__all__ = ["REFERENCES", "Reference", "bibtex", "reference"]


@dataclass(frozen=True)
class Reference:
    """A published work.

    Parameters
    ----------
    kind : str
        The BibTeX entry type.
    authors : tuple of str
        ``"First Last"`` each, in LaTeX.
    title : str
        In LaTeX.
    venue : str
        Journal or book with volume and pages, as it is printed.
    year : int
    fields : tuple of (str, str)
        The BibTeX fields that say the same as `venue`.
    """

    kind: str
    authors: tuple[str, ...]
    title: str
    venue: str
    year: int
    fields: tuple[tuple[str, str], ...]

    @property
    def latex(self) -> str:
        """The entry as it is printed in a list of references."""
        *others, last = self.authors
        comma = "," if len(others) > 1 else ""
        names = f"{', '.join(others)}{comma} and {last}" if others else last
        return rf"{names}. {self.title}. {self.venue}, {self.year}."


REFERENCES: dict[str, Reference] = {
    "azuma1967": Reference(
        "article", ("Kazuoki Azuma",), "Weighted sums of certain dependent random variables",
        r"\emph{T\^ohoku Mathematical Journal}, 19(3):357--367", 1967,
        (("journal", r"T{\^o}hoku Mathematical Journal"), ("volume", "19"), ("number", "3"), ("pages", "357--367")),
    ),
    "bousquet2002": Reference(
        "article", ("Olivier Bousquet", r"Andr\'e Elisseeff"), "Stability and generalization",
        r"\emph{Journal of Machine Learning Research}, 2:499--526", 2002,
        (("journal", "Journal of Machine Learning Research"), ("volume", "2"), ("pages", "499--526")),
    ),
    "dong2021attention": Reference(
        "inproceedings", ("Yihe Dong", "Jean-Baptiste Cordonnier", "Andreas Loukas"),
        "Attention is not all you need: pure attention loses rank doubly exponentially with depth",
        r"In \emph{International Conference on Machine Learning}", 2021,
        (("booktitle", "International Conference on Machine Learning"),),
    ),
    "li2023transformers": Reference(
        "inproceedings", ("Yingcong Li", r"M. Emrullah Ildiz", "Dimitris Papailiopoulos", "Samet Oymak"),
        "Transformers as algorithms: generalization and stability in in-context learning",
        r"In \emph{International Conference on Machine Learning}", 2023,
        (("booktitle", "International Conference on Machine Learning"),),
    ),
    "fu2025": Reference(
        "inproceedings", ("Shi Fu", "Yingjie Wang", "Yuzhu Chen", "Xinmei Tian", "Dacheng Tao"),
        "A theoretical perspective: When and how self-consuming training loops generalize",
        r"In \emph{International Conference on Learning Representations}. arXiv:2502.18865", 2025,
        (("booktitle", "International Conference on Learning Representations"), ("eprint", "2502.18865"),
         ("archiveprefix", "arXiv")),
    ),
    "hardt2016": Reference(
        "inproceedings", ("Moritz Hardt", "Benjamin Recht", "Yoram Singer"),
        "Train faster, generalize better: Stability of stochastic gradient descent",
        r"In \emph{International Conference on Machine Learning}, PMLR 48, pages 1225--1234", 2016,
        (("booktitle", "International Conference on Machine Learning"), ("volume", "48"), ("pages", "1225--1234")),
    ),
    "kantorovich1958": Reference(
        "article", ("Leonid V. Kantorovich", "Gennadii Sh. Rubinstein"),
        "On a space of completely additive functions",
        r"\emph{Vestnik Leningradskogo Universiteta}, 13(7):52--59", 1958,
        (("journal", "Vestnik Leningradskogo Universiteta"), ("volume", "13"), ("number", "7"), ("pages", "52--59")),
    ),
    "mcdiarmid1989": Reference(
        "incollection", ("Colin McDiarmid",), "On the method of bounded differences",
        r"In \emph{Surveys in Combinatorics, 1989}, London Mathematical Society Lecture Note Series 141, "
        r"pages 148--188. Cambridge University Press", 1989,
        (("booktitle", "Surveys in Combinatorics, 1989"),
         ("series", "London Mathematical Society Lecture Note Series"), ("volume", "141"), ("pages", "148--188"),
         ("publisher", "Cambridge University Press")),
    ),
    "popoviciu1935": Reference(
        "article", ("Tiberiu Popoviciu",),
        r"Sur les \'equations alg\'ebriques ayant toutes leurs racines r\'eelles",
        r"\emph{Mathematica (Cluj)}, 9:129--145", 1935,
        (("journal", "Mathematica (Cluj)"), ("volume", "9"), ("pages", "129--145")),
    ),
}


def reference(key: str) -> Reference:
    """The work with that BibTeX key.

    Raises
    ------
    InvalidArgumentError
        If the key is unknown.
    """
    if key not in REFERENCES:
        raise InvalidArgumentError("reference", repr(key), f"one of {', '.join(REFERENCES)}",
                                   "add the work to stlbounds/render/references.py")
    return REFERENCES[key]


def bibtex(keys: Iterable[str]) -> str:
    """BibTeX entries of the given keys, in alphabetical order, each once.

    Parameters
    ----------
    keys : iterable of str

    Returns
    -------
    str
    """
    entries = []
    for key in sorted(set(keys)):
        work = reference(key)
        fields = [("author", " and ".join(work.authors)), ("title", f"{{{work.title}}}"), *work.fields,
                  ("year", str(work.year))]
        lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields)
        entries.append(f"@{work.kind}{{{key},\n{lines}\n}}\n")
    return "\n".join(entries)
