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

    @property
    def short(self) -> str:
        r"""Names and year, as in ``Bousquet \& Elisseeff 2002``, in LaTeX."""
        names = [author.rsplit(" ", 1)[-1] for author in self.authors]
        shown = r" \& ".join(names) if len(names) < 3 else f"{names[0]} et al."
        return f"{shown} {self.year}"


REFERENCES: dict[str, Reference] = {
    "alemohammad2024": Reference(
        "inproceedings", ("Sina Alemohammad", "Josue Casco-Rodriguez", "Lorenzo Luzi", "Ahmed Imtiaz Humayun",
         "Hossein Babaei", "Daniel LeJeune", "Ali Siahkoohi", "Richard G. Baraniuk"),
        "Self-consuming generative models go MAD",
        r"In \emph{International Conference on Learning Representations}", 2024,
        (("booktitle", "International Conference on Learning Representations"),),
    ),
    "bertrand2024": Reference(
        "inproceedings", ("Quentin Bertrand", "Avishek Joey Bose", "Alexandre Duplessis", "Marco Jiralerspong",
         "Gauthier Gidel"),
        "On the stability of iterative retraining of generative models on their own data",
        r"In \emph{International Conference on Learning Representations}", 2024,
        (("booktitle", "International Conference on Learning Representations"),),
    ),
    "brier1950": Reference(
        "article", ("Glenn W. Brier",),
        "Verification of forecasts expressed in terms of probability",
        r"\emph{Monthly Weather Review}, 78(1):1--3", 1950,
        (("journal", "Monthly Weather Review"), ("volume", "78"), ("number", "1"), ("pages", "1--3")),
    ),
    "devroye1979": Reference(
        "article", ("Luc Devroye", "Terry J. Wagner"),
        "Distribution-free inequalities for the deleted and holdout error estimates",
        r"\emph{IEEE Transactions on Information Theory}, 25(2):202--207", 1979,
        (("journal", "IEEE Transactions on Information Theory"), ("volume", "25"), ("number", "2"),
         ("pages", "202--207")),
    ),
    "devroye1985": Reference(
        "book", ("Luc Devroye", r'L\'aszl\'o Gy\"orfi'),
        "Nonparametric density estimation: The $L_1$ view",
        r"Wiley", 1985,
        (("publisher", "Wiley"),),
    ),
    "dong2022gaussian": Reference(
        "article", ("Jinshuo Dong", "Aaron Roth", "Weijie J. Su"),
        "Gaussian differential privacy",
        r"\emph{Journal of the Royal Statistical Society: Series B}, 84(1):3--37", 2022,
        (("journal", "Journal of the Royal Statistical Society: Series B"), ("volume", "84"), ("number", "1"),
         ("pages", "3--37")),
    ),
    "dwork2006": Reference(
        "inproceedings", ("Cynthia Dwork", "Frank McSherry", "Kobbi Nissim", "Adam Smith"),
        "Calibrating noise to sensitivity in private data analysis",
        r"In \emph{Theory of Cryptography Conference}, pages 265--284", 2006,
        (("booktitle", "Theory of Cryptography Conference"), ("pages", "265--284")),
    ),
    "gerstgrasser2024": Reference(
        "misc", ("Matthias Gerstgrasser", "Rylan Schaeffer", "Apratim Dey", "Rafael Rafailov", "Henry Sleight",
         "John Hughes", "Tomasz Korbak", "Rajashree Agrawal", "Dhruv Pai", "Andrey Gromov", "Daniel A. Roberts",
         "Diyi Yang", "David L. Donoho", "Sanmi Koyejo"),
        "Is model collapse inevitable? Breaking the curse of recursion by accumulating real and synthetic data",
        r"arXiv:2404.01413", 2024,
        (("eprint", "2404.01413"), ("archiveprefix", "arXiv")),
    ),
    "dey2024": Reference(
        "misc", ("Apratim Dey", "David Donoho"),
        r"Universality of the $\pi^2/6$ pathway in avoiding model collapse",
        r"arXiv:2410.22812", 2024,
        (("eprint", "2410.22812"), ("archiveprefix", "arXiv")),
    ),
    "he2025": Reference(
        "misc", ("Hengzhi He", "Shirong Xu", "Guang Cheng"),
        "Golden ratio weighting prevents model collapse",
        r"arXiv:2502.18049", 2025,
        (("eprint", "2502.18049"), ("archiveprefix", "arXiv")),
    ),
    "shumailov2024": Reference(
        "article", ("Ilia Shumailov", "Zakhar Shumaylov", "Yiren Zhao", "Nicolas Papernot", "Ross Anderson",
         "Yarin Gal"),
        "AI models collapse when trained on recursively generated data",
        r"\emph{Nature}, 631:755--759", 2024,
        (("journal", "Nature"), ("volume", "631"), ("pages", "755--759")),
    ),
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
    "euler1740": Reference(
        "article", ("Leonhard Euler",), "De summis serierum reciprocarum",
        r"\emph{Commentarii Academiae Scientiarum Petropolitanae}, 7:123--134", 1740,
        (("journal", "Commentarii Academiae Scientiarum Petropolitanae"), ("volume", "7"), ("pages", "123--134")),
    ),
    "dong2021attention": Reference(
        "inproceedings", ("Yihe Dong", "Jean-Baptiste Cordonnier", "Andreas Loukas"),
        "Attention is not all you need: pure attention loses rank doubly exponentially with depth",
        r"In \emph{International Conference on Machine Learning}, PMLR 139", 2021,
        (("booktitle", "International Conference on Machine Learning"), ("volume", "139")),
    ),
    "li2023transformers": Reference(
        "inproceedings", ("Yingcong Li", r"M. Emrullah Ildiz", "Dimitris Papailiopoulos", "Samet Oymak"),
        "Transformers as algorithms: generalization and stability in in-context learning",
        r"In \emph{International Conference on Machine Learning}, PMLR 202", 2023,
        (("booktitle", "International Conference on Machine Learning"), ("volume", "202")),
    ),
    "fu2025": Reference(
        "inproceedings", ("Shi Fu", "Yingjie Wang", "Yuzhu Chen", "Xinmei Tian", "Dacheng Tao"),
        "A theoretical perspective: How to prevent model collapse in self-consuming training loops",
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
    "hoeffding1963": Reference(
        "article", ("Wassily Hoeffding",), "Probability inequalities for sums of bounded random variables",
        r"\emph{Journal of the American Statistical Association}, 58(301):13--30", 1963,
        (("journal", "Journal of the American Statistical Association"), ("volume", "58"), ("number", "301"),
         ("pages", "13--30")),
    ),
    "kantorovich1958": Reference(
        "article", ("Leonid V. Kantorovich", "Gennadii Sh. Rubinstein"),
        "On a space of completely additive functions",
        r"\emph{Vestnik Leningradskogo Universiteta}, 13(7):52--59", 1958,
        (("journal", "Vestnik Leningradskogo Universiteta"), ("volume", "13"), ("number", "7"), ("pages", "52--59")),
    ),
    "freedman1975": Reference(
        "article", ("David A. Freedman",), "On tail probabilities for martingales",
        r"\emph{The Annals of Probability}, 3(1):100--118", 1975,
        (("journal", "The Annals of Probability"), ("volume", "3"), ("number", "1"), ("pages", "100--118")),
    ),
    "bousquet2020": Reference(
        "inproceedings", ("Olivier Bousquet", "Yegor Klochkov", "Nikita Zhivotovskiy"),
        "Sharper bounds for uniformly stable algorithms",
        r"In \emph{Conference on Learning Theory}, PMLR 125, pages 610--626", 2020,
        (("booktitle", "Conference on Learning Theory"), ("volume", "125"), ("pages", "610--626")),
    ),
    "rio2009": Reference(
        "article", ("Emmanuel Rio",),
        "Moment inequalities for sums of dependent random variables under projective conditions",
        r"\emph{Journal of Theoretical Probability}, 22(1):146--163", 2009,
        (("journal", "Journal of Theoretical Probability"), ("volume", "22"), ("number", "1"), ("pages", "146--163")),
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
