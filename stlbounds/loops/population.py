"""The drift lemma for generators that contract in the population (theory §4, last item)."""

from __future__ import annotations

import sympy as sp

from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.loops.averaging import Averaging
from stlbounds.loops.base import Loop, one_step_drift, substitute
from stlbounds.proof.claim import Claim
from stlbounds.proof.quantities import D, Distance, Dmix
from stlbounds.proof.rules import algebra, drift
from stlbounds.symbols import SOURCE, STEP, J, i

__all__ = ["population_drift_claim"]

_VALUE = sp.Dummy("x", nonnegative=True)


def _parts(step: Claim) -> tuple[sp.Expr, sp.Expr]:
    """The contraction ``q`` and the error ``e_j`` of ``t_{j+1} <= e_j + q s_j``."""
    if step.lhs != Distance(D(0), D(J + 1)):
        raise AssumptionError(f"a step of the drift must bound {Distance(D(0), D(J + 1))}, not {step.lhs}")
    bound = sp.expand(step.rhs.xreplace({Distance(D(0), Dmix(J)): _VALUE}), deep=False)
    return sp.factor_terms(bound.diff(_VALUE)), bound.subs(_VALUE, 0)


def _summed_drift(ratio: sp.Expr, error: sp.Expr) -> sp.Expr:
    """The solution of ``t_{j+1} = e_j + q_j t_j``, ``t_0 = 0``, as a sum over the generations."""
    # Generation 0 passes nothing on, whatever is said of it.
    later = ratio.subs(J, J + 1).subs(J, STEP - 1)
    carried = sp.Product(later, (STEP, SOURCE + 1, J - 1))
    return sp.Sum(error.subs(J, SOURCE) * carried, (SOURCE, 0, J - 1))


def _one_step(loop: Loop, step: Claim, contraction: sp.Expr, error: sp.Expr) -> Claim:
    """Loops that mix real data and the newest source only."""
    newest = sp.Add(*(share.weight for share in loop.mixture(J) if share.source == J))
    ratio = contraction * newest
    if ratio.has(J) or error.subs(J, J + 1).has(J):
        closed = _summed_drift(ratio, error)
    else:
        closed = one_step_drift(ratio, error, J)
    step = substitute(step, drift.Convexity.apply(protocol=loop))
    return loop.drift_claim(algebra.Recurrence.apply(step, drift.SelfDistance.apply(), index=J, closed=closed))


def _averaging(loop: Averaging, step: Claim, contraction: sp.Expr, error: sp.Expr) -> Claim:
    """Loops that mix all sources: ``s_{j+1} <= (1 - w) s_j + w (e_j + q s_j)``, ``w`` the weight of the newest one."""
    if contraction == 1:
        closed = loop.drift(error, J)
    elif not error.has(J):
        closed = loop.contracted_drift(contraction, error, J)
    else:
        raise UndecidedError(f"there is no closed form for a drift with contraction {contraction} and the changing "
                             f"error {error}; use drift='lemma'")
    step = substitute(loop.mixture_step_claim(), step)
    claim = algebra.Recurrence.apply(step, drift.StartsReal.apply(protocol=loop), index=J, closed=closed)
    return algebra.Instantiate.apply(claim, index=((J, i),))


def population_drift_claim(loop: Loop, step: Claim) -> Claim:
    """``E s_i <= ...`` from ``E W(D_0, D_{j+1}) <= e_j + q E W(D_0, Dmix_j)``.

    With ``q = 1`` this is the drift lemma; a generator that contracts in the population has ``q < 1`` (theory §4).
    Under a fixed mix ``t_i <= e geo(q (1 - alpha), i)``, with equal weights ``s_i <= (e/(i+1)) sum over g = 1..i of
    prod over l = g+1..i of (1 + q/l)``, and ``s_i <= sum w_ik t_k`` always.

    Parameters
    ----------
    loop : Loop
        A loop that mixes real data with the newest source, or all sources in fixed proportions.
    step : Claim
        The bound on ``Distance(D(0), D(J + 1))``.

    Raises
    ------
    UndecidedError
        If the loop mixes in another way, or averages over all sources with an error that changes.
    """
    contraction, error = _parts(step)
    if isinstance(loop, Averaging):
        return _averaging(loop, step, contraction, error)
    if all(share.index is None and share.source in (sp.S.Zero, J) for share in loop.mixture(J)):
        return _one_step(loop, step, contraction, error)
    raise UndecidedError("this loop mixes other generations than the newest one; use drift='lemma'")
