"""The catalogue as a table: every loop, generator and learner with its constants, computed from the objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

import sympy as sp

from stlbounds.entries import GENERATORS, LEARNERS, LOOPS
from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.base import Generator
from stlbounds.interval.signs import is_nonnegative
from stlbounds.learners.base import UniformlyStable
from stlbounds.loops.base import Loop
from stlbounds.proof.claim import Claim
from stlbounds.proof.dag import Proof
from stlbounds.proof.metric import Metric
from stlbounds.proof.rules.algebra import unfold
from stlbounds.special import geometric_sum
from stlbounds.symbols import J, alpha, entry, i, kappa, rho
from stlbounds.theorems.setting import Setting
from stlbounds.theorems.steps import Lemmas

__all__ = ["KINDS", "Catalogue", "Row", "catalogue", "critical_proportion", "long_run"]

Kind = Literal["loop", "generator", "learner"]
KINDS: tuple[Kind, ...] = ("loop", "generator", "learner")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Row:
    """One entry of the catalogue.

    Parameters
    ----------
    kind : {"loop", "generator", "learner"}
    name : str
        As the command line calls it.
    summary : str
        What it is, in a line.
    metric : Metric or None
        The metric of its constants; None for loops, which suit both.
    kappa : sympy.Expr or None
        The sensitivity of a generator.
    learning_error : sympy.Expr or None
        That of a generator, where it states one, for ``N`` training points.
    drift : sympy.Expr or None
        ``E s_i`` of a generator in the fixed mix with replayed real data.
    critical_proportion : sympy.Expr or None
        ``max(0, 1 - 1/kappa)`` of a generator: with more real data than that a fixed mix is stable for ever.
    beta_N, loss_constant : sympy.Expr or None
        The stability and the loss constant of a learner.
    gain : sympy.Expr or None
        The loop gain of a loop, for a generator of sensitivity ``kappa``.
    recursive_stability : sympy.Expr or None
        ``gamma_i`` of a loop, ``i >= 1``.
    long_run : sympy.Expr or None
        Its limit for ``i -> oo`` where the loop gain is one number below 1.
    assumptions : tuple of str
        What a reader must grant, by headings of the assumptions of its theorems.
    shared_seed : bool
        Whether one random seed serves a generation: theorems in expectation only.
    simulated, measured : bool
        Whether it can be simulated, and whether `self_check` measures its constants.
    references : tuple of str
        Keys of the bibliography.
    symbols : tuple of str
        The symbols that it brings.
    """

    kind: Kind
    name: str
    summary: str
    metric: Metric | None = None
    kappa: sp.Expr | None = None
    learning_error: sp.Expr | None = None
    drift: sp.Expr | None = None
    critical_proportion: sp.Expr | None = None
    beta_N: sp.Expr | None = None
    loss_constant: sp.Expr | None = None
    gain: sp.Expr | None = None
    recursive_stability: sp.Expr | None = None
    long_run: sp.Expr | None = None
    assumptions: tuple[str, ...] = ()
    shared_seed: bool = False
    simulated: bool = True
    measured: bool = False
    references: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data: expressions as text that `stlbounds.parsing.parse_expression` reads, absent values left out."""
        data: dict[str, Any] = {}
        for name, value in vars(self).items():
            if isinstance(value, sp.Expr):
                data[name] = str(value)
            elif isinstance(value, Metric):
                data[name] = value.value
            elif value is not None:
                data[name] = list(value) if isinstance(value, tuple) else value
        return data


def critical_proportion(sensitivity: sp.Expr) -> sp.Expr:
    """``max(0, 1 - 1/kappa)``, with the maximum decided where the ranges of the symbols do.

    Parameters
    ----------
    sensitivity : sympy.Expr
        ``kappa >= 0``.

    References
    ----------
    Theory §3, §8.

    Examples
    --------
    >>> critical_proportion(sp.Integer(4)), critical_proportion(sp.S.Half), critical_proportion(kappa)
    (3/4, 0, Max(0, 1 - 1/kappa))
    """
    if is_nonnegative(1 - sensitivity):
        return sp.S.Zero
    needed = 1 - 1 / sensitivity
    return needed if is_nonnegative(sensitivity - 1) else sp.Max(0, needed)


def long_run(stability: sp.Expr) -> sp.Expr | None:
    """The limit for ``i -> oo`` of an expression in ``rho**i`` and geometric sums of ``rho``, for ``rho < 1``.

    None, if ``i`` occurs elsewhere.

    Examples
    --------
    >>> long_run(rho**i + geometric_sum(rho, i + 1))
    1/(1 - rho)
    """
    later = stability.replace(sp.Piecewise, lambda *cases: cases[-1][0])
    settled = later.replace(geometric_sum, lambda ratio, terms: 1 / (1 - ratio) if terms.has(i) else
                            geometric_sum(ratio, terms))
    settled = settled.replace(lambda part: part.is_Pow and part.base == rho and part.exp.has(i), lambda part: sp.S.Zero)
    return None if settled.has(i) else settled


def _parameter(name: str) -> Any:
    """The symbol of a name; a schedule is shown with one proportion for all generations."""
    return alpha if name == "alphas" else entry(name).symbol


def _headings(*claims: Claim) -> tuple[str, ...]:
    """The headings of the assumptions that claims rest on, each once."""
    granted = (leaf for claim in claims for leaf in Proof(claim).assumptions())
    return tuple(dict.fromkeys(leaf.rule.explain(str, **dict(leaf.params)).split(":")[0] for leaf in granted))


def _overrides(made: object, base: type, method: str) -> bool:
    return getattr(type(made), method) is not getattr(base, method)


def _loop_row(name: str, summary: str, loop: Loop, symbols: tuple[str, ...]) -> Row:
    lemmas = Lemmas(Setting(loop, Generator("any", Metric.DISCRETE, kappa)))
    stability = lemmas.recursive_stability.rhs.subs(J, i - 1)
    settled = long_run(stability) if loop.constant_gain else None
    gain = {rho: lemmas.gain}
    return Row("loop", name, summary, gain=lemmas.gain, recursive_stability=lemmas.gamma,
               long_run=None if settled is None else unfold(settled, gain), references=loop.references,
               symbols=symbols)


def _generator_row(name: str, summary: str, generator: Generator, symbols: tuple[str, ...]) -> Row:
    from stlbounds.loops import FixedMix

    lemmas = Lemmas(Setting(FixedMix(alpha), generator))
    drift = unfold(lemmas.drift.rhs, {rho: lemmas.gain})
    return Row(
        "generator", name, summary, generator.metric, kappa=generator.sensitivity,
        learning_error=generator.learning_error, drift=drift,
        critical_proportion=critical_proportion(generator.sensitivity),
        assumptions=_headings(lemmas.sensitivity, lemmas.drift), shared_seed=generator.shared_seed,
        simulated=_overrides(generator, Generator, "sampler"), measured=_overrides(generator, Generator, "self_check"),
        references=generator.references, symbols=symbols)


def _learner_row(name: str, summary: str, learner: UniformlyStable, symbols: tuple[str, ...]) -> Row:
    return Row(
        "learner", name, summary, learner.metric, beta_N=learner.beta_N, loss_constant=learner.loss_constant,
        assumptions=_headings(learner.stability_claim(), learner.loss_claim()),
        simulated=_overrides(learner, UniformlyStable, "judge"),
        measured=_overrides(learner, UniformlyStable, "self_check"), references=learner.references, symbols=symbols)


def _rows(kind: Kind) -> Iterator[Row]:
    """The rows of a kind, from its registry."""
    if kind == "loop":
        for name, loop in LOOPS.items():
            yield _loop_row(name, loop.summary, loop.make(_parameter, None), (*loop.symbols, *loop.lists))
    elif kind == "generator":
        for name, generator in GENERATORS.items():
            yield _generator_row(name, generator.summary, generator.make(_parameter), generator.symbols)
    else:
        for name, learner in LEARNERS.items():
            yield _learner_row(name, learner.summary, learner.make(_parameter), learner.symbols)


@dataclass(frozen=True)
class Catalogue:
    """Entries of the catalogue; prints as tables, in a terminal, a notebook, a paper or a program.

    Parameters
    ----------
    rows : tuple of Row
        The entries, kind by kind.
    """

    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Row:
        """The entry of that name; where a generator and a learner share it, ``"learner:transformer"`` tells which."""
        kind, _, plain = name.rpartition(":")
        found = [row for row in self.rows if row.name == plain and kind in ("", row.kind)]
        if len(found) != 1:
            allowed = sorted(f"{row.kind}:{row.name}" for row in found or self.rows)
            raise InvalidArgumentError("name", repr(name), f"one of {', '.join(allowed)}")
        return found[0]

    @cached_property
    def by_kind(self) -> Mapping[str, tuple[Row, ...]]:
        """The rows of each kind that occurs."""
        kinds: dict[str, tuple[Row, ...]] = {
            kind: tuple(row for row in self.rows if row.kind == kind) for kind in KINDS}
        return {kind: rows for kind, rows in kinds.items() if rows}

    def _render(self, dialect: str) -> str:
        from stlbounds.render import overview

        made: Callable[[Mapping[str, tuple[Any, ...]]], str] = getattr(overview, dialect)
        return made(self.by_kind)

    def text(self) -> str:
        """Aligned text."""
        return self._render("text")

    def markdown(self) -> str:
        """Markdown tables with LaTeX formulas between dollar signs."""
        return self._render("markdown")

    def latex(self) -> str:
        r"""LaTeX tables; the preamble needs amsmath, booktabs and tabularx."""
        return self._render("latex")

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: a list of entries for each kind."""
        return {f"{kind}s": [row.to_dict() for row in rows] for kind, rows in self.by_kind.items()}

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Catalogue of {', '.join(f'{len(rows)} {kind}s' for kind, rows in self.by_kind.items())}>"

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def _repr_html_(self) -> str:
        from stlbounds.render.notebook import boxed

        return boxed(self._render("html"))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from stlbounds.render.notebook import bundle

        return bundle(self, html=self._repr_html_(), latex=self.latex(), markdown=self.markdown())


def catalogue(kind: str | None = None, metric: Metric | None = None) -> Catalogue:
    """The catalogue: every loop, generator and learner with its constants.

    Parameters
    ----------
    kind : {"loop", "generator", "learner"}, optional
        Only entries of this kind.
    metric : Metric, optional
        Only entries whose constants hold in this metric; loops suit both.

    Raises
    ------
    InvalidArgumentError
        If `kind` is another word, or `metric` is no metric.

    References
    ----------
    Theory §1 (loops), §7 and §8 (generators, learners).

    Examples
    --------
    >>> found = catalogue(kind="learner")
    >>> found["sgd"].beta_N, found["sgd"].references
    (2*G_l**2*step*steps/N, ('hardt2016',))
    """
    if kind is not None and kind not in KINDS:
        raise InvalidArgumentError("kind", repr(kind), f"one of {', '.join(KINDS)}, or None")
    if metric is not None and not isinstance(metric, Metric):
        raise InvalidArgumentError("metric", repr(metric), "stlbounds.DISCRETE or stlbounds.EUCLIDEAN, or None")
    rows = (row for one in KINDS if kind in (None, one) for row in _rows(one))
    return Catalogue(tuple(row for row in rows if metric is None or row.metric in (None, metric)))
