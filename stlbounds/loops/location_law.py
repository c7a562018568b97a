"""The exact law of a location model in a loop: how much the mean of a training set varies (theory §11).

In a location model a point of source ``k`` is ``m_{k-1} + xi``, with ``m_{k-1}`` the mean of ``T_{k-1}``, ``m_{-1}``
the real mean, and independent noise of variance ``sigma**2``; the mean of ``D_i`` is ``mu_i = m_{i-1}``. Everything is
linear in the noise, so variances are exact for every size and every number of generations. They know nothing of
influence or sensitivity, yet come out as ``(n/N_i) Phi**2`` at ``kappa = 1``: the amplification of a loop is no
artefact of the proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from stlbounds.errors import InvalidArgumentError, ProofError
from stlbounds.proof.identities import equal
from stlbounds.proof.protocol import Plan, Pool, Protocol
from stlbounds.symbols import J, n

__all__ = ["LocationLaw", "Moment", "mean_covariances"]


@dataclass(frozen=True)
class Moment:
    """A second moment of ``m_J``, by its recursion over the generations and in closed form.

    Parameters
    ----------
    symbol : sympy.Symbol
        Stands for the moment in generation ``J`` in the recursions, and in the variance, of a `LocationLaw`.
    start : sympy.Expr
        Its value for ``T_0``.
    step : sympy.Expr
        Its value in generation ``J + 1``, in terms of the moments of generation ``J``.
    closed : sympy.Expr
        Its value for ``T_J``.
    """

    symbol: sp.Symbol
    start: sp.Expr
    step: sp.Expr
    closed: sp.Expr


@dataclass(frozen=True)
class LocationLaw:
    """The variance of the mean of ``T_J`` in units of ``sigma**2/n``, with the recursion that it obeys.

    Parameters
    ----------
    moments : tuple of Moment
        In an order such that the step of each uses moments of generation ``J`` only.
    variance : sympy.Expr
        ``n Var(m_J)/sigma**2`` in terms of the moments.
    """

    moments: tuple[Moment, ...]
    variance: sp.Expr

    def closed(self, generation: sp.Expr) -> sp.Expr:
        """``n Var(m_j)/sigma**2`` in closed form, for ``j = generation``."""
        return self._with_closed(self.variance).subs(J, generation)

    def _with_closed(self, expression: sp.Expr) -> sp.Expr:
        return expression.subs({moment.symbol: moment.closed for moment in self.moments})

    def prove(self) -> None:
        """Prove the closed forms from the recursions, by induction on the generation, as exact identities.

        Raises
        ------
        ProofError
            Naming the moment of which the start or the step is not proved.
        """
        for moment in self.moments:
            start, follows = moment.closed.subs(J, 0).doit(), self._with_closed(moment.step)
            if not equal(start, moment.start):
                raise ProofError(f"{moment.symbol} is {start} in generation 0, not {moment.start}")
            later = moment.closed.subs(J, J + 1)
            if not equal(follows, later):
                raise ProofError(f"{moment.closed} does not satisfy the recursion of {moment.symbol}: {follows} is not "
                                 f"{later}")


def mean_covariances(protocol: Protocol, generations: int,
                     values: Mapping[sp.Symbol, sp.Expr] | None = None) -> sp.Matrix:
    """``n Cov(mu_i, mu_l)/sigma**2`` for ``i, l = 0, ..., generations``, from the pools of the loop alone.

    The mean of ``T_j`` is a linear form in the mean noises of its pools and in the means ``mu_k`` of its sources; the
    mean noise of ``s`` points has the variance ``sigma**2/s``.

    Parameters
    ----------
    protocol : Protocol
        Any loop; only `Protocol.plan` is read.
    generations : int
        At least 0.
    values : mapping, optional
        Numbers for symbols of the loop; the others stay symbols.

    Returns
    -------
    sympy.Matrix
        Exact, with ``generations + 1`` rows; the diagonal is the variance factor ``v_i``, ``v_0 = 0``.

    References
    ----------
    Theory §11.

    Examples
    --------
    >>> from stlbounds.loops import Accumulate
    >>> mean_covariances(Accumulate(), 3).diagonal()
    Matrix([[0, 1, 5/4, 49/36]])
    """
    if isinstance(generations, bool) or not isinstance(generations, int) or generations < 0:
        raise InvalidArgumentError("generations", generations, "an integer of at least 0")
    plan = protocol.plan(max(generations - 1, 0))
    forms = _mean_forms(plan, dict(values or {}))[:generations + 1]

    def covariance(row: int, column: int) -> sp.Expr:
        shared = forms[row].keys() & forms[column].keys()
        pairs = (forms[row][pool] * forms[column][pool] / pool.size for pool in sorted(shared, key=str))
        return sp.factor((n * sp.Add(*pairs)).subs(dict(values or {})))

    return sp.Matrix(generations + 1, generations + 1, covariance)


def _mean_forms(plan: Plan, values: dict[sp.Symbol, sp.Expr]) -> list[dict[Pool, sp.Expr]]:
    """``mu_0, mu_1, ...`` as coefficients of the mean noises of the pools."""
    forms: list[dict[Pool, sp.Expr]] = [{}]
    for pools in plan.generations:
        present = [pool for pool in pools if pool.size.subs(values) != 0]
        size = sp.Add(*(pool.size * pool.weight for pool in present))
        form: dict[Pool, sp.Expr] = {}
        for pool in present:
            share = sp.cancel(pool.size * pool.weight / size)
            for part, coefficient in ({pool: sp.S.One} | forms[pool.source]).items():
                form[part] = form.get(part, sp.S.Zero) + share * coefficient
        forms.append({pool: sp.factor(coefficient.subs(values)) for pool, coefficient in form.items()})
    return forms
