r"""Recursions over the layers of a transformer as functions, and the rule that solves with one (theory §8).

For tokens in the unit ball and scores in ``[-omega/2, omega/2]``:

    d_0 = 2,   d_{l+1} = d_l tanh(omega d_l**2/8),
    A_l = e**(omega d_l/2)(1 + omega d_l/2),   C_l = omega d_l**2/8,
    m_0 = 1,   m_{l+1} = (A_l + C_l) m_l,
    q_0 = 0,   q_{l+1} = A_l m_l + C_l q_l.

``d_l`` is `layer_spread`, ``m_l`` `layer_mean` and ``q_l`` `layer_query`. Since ``d_l`` falls like a tower of cubes
once it is small, ``m_l`` and ``q_l`` stay bounded; where ``omega`` is so large that ``d_l`` does not move at the
working precision, the rest of the layers is a geometric progression, and is not walked through.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import sympy as sp

from stlbounds.compiled import MPMATH_FUNCTIONS, NUMPY_FUNCTIONS
from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.interval.signs import is_nonnegative
from stlbounds.precision import kept
from stlbounds.proof.claim import Check, Printer, Rule, Says
from stlbounds.proof.identities import vanishes
from stlbounds.proof.rules.algebra import nondecreasing
from stlbounds.symbols import J

__all__ = ["LayerInduction", "layer_mean", "layer_query", "layer_spread"]

_VALUE = sp.Dummy("x", nonnegative=True)


def context_slope(omega: sp.Expr, spread: sp.Expr) -> sp.Expr:
    """``A_l`` from ``d_l``."""
    return sp.exp(omega * spread / 2) * (1 + omega * spread / 2)


def query_slope(omega: sp.Expr, spread: sp.Expr) -> sp.Expr:
    """``C_l`` from ``d_l``."""
    return omega * spread**2 / 8


class _LayerFunction(sp.Function):  # type: ignore[misc]  # SymPy has no types
    """A sequence over the layers, ``f(omega, l)``, defined by its value at 0 and one step."""

    nargs = 2
    start: sp.Expr

    @classmethod
    def step(cls, omega: sp.Expr, layer: sp.Expr) -> sp.Expr:
        """``f(omega, layer + 1)`` in the functions at ``layer``."""
        raise NotImplementedError

    @classmethod
    def eval(cls, omega: sp.Expr, layer: sp.Expr) -> sp.Expr | None:
        if layer.is_zero:
            return cls.start
        # Without scores an attention layer is one plain average: all layers after the first do nothing.
        if omega.is_zero and layer.is_positive:
            return sp.S.Zero if cls is layer_spread else sp.S.One
        return None

    def _eval_is_real(self) -> bool | None:
        return True if self.args[0].is_nonnegative and self.args[1].is_nonnegative else None

    _eval_is_nonnegative = _eval_is_real

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        parts = [part.evalf(mpmath.libmp.prec_to_dps(prec) + 5) for part in self.args]
        if not all(part.is_number for part in parts):
            return None
        with kept(mpmath.workprec(prec + 20)):
            value = MPMATH_FUNCTIONS[type(self).__name__](*(part._to_mpmath(prec + 20) for part in parts))
            return sp.Float(value, precision=prec)


class layer_spread(_LayerFunction):
    """``d_l``: a bound on the diameter of the tokens at layer ``l``.

    Examples
    --------
    >>> layer_spread(2, 0), layer_spread(2, 1).evalf(6)
    (2, 1.52319)
    """

    start = sp.Integer(2)

    @classmethod
    def step(cls, omega: sp.Expr, layer: sp.Expr) -> sp.Expr:
        spread = layer_spread(omega, layer)
        return spread * sp.tanh(omega * spread**2 / 8)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _latex(self, printer, r"\delta", exp)


class layer_mean(_LayerFunction):
    """``m_l``: a bound on the mean displacement of the examples at layer ``l``."""

    start = sp.S.One

    @classmethod
    def step(cls, omega: sp.Expr, layer: sp.Expr) -> sp.Expr:
        spread = layer_spread(omega, layer)
        return (context_slope(omega, spread) + query_slope(omega, spread)) * layer_mean(omega, layer)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _latex(self, printer, "m", exp)


class layer_query(_LayerFunction):
    """``q_l``: a bound on the displacement of an unmoved query at layer ``l``.

    Examples
    --------
    >>> layer_query(1, 50).evalf(6)
    15.9024
    """

    start = sp.S.Zero

    @classmethod
    def step(cls, omega: sp.Expr, layer: sp.Expr) -> sp.Expr:
        spread = layer_spread(omega, layer)
        return (context_slope(omega, spread) * layer_mean(omega, layer)
                + query_slope(omega, spread) * layer_query(omega, layer))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _latex(self, printer, "q", exp)


def _latex(value: _LayerFunction, printer: Any, letter: str, exp: str | None) -> str:
    omega, layer = value.args
    body = rf"{letter}_{{{printer._print(layer)}}}({printer._print(omega)})"
    return body if exp is None else rf"{body}^{{{exp}}}"


class LayerInduction(Rule):
    """``x(l+1) <= f_l(x(l))`` and ``x(0) <= u(0)`` give ``x(l) <= u(l)``, where ``u(l+1) = f_l(u(l))`` defines ``u``.

    ``f_l`` must be nondecreasing; hyperbolic tangents count as their (nonnegative) arguments when that is decided.
    """

    title = "induction over the layers"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, closed: sp.Expr) -> Says:
        step, base = premises
        if step.relation != "<=" or base.relation != "<=" or step.events or base.events or step.is_random:
            raise AssumptionError("two inequalities between deterministic quantities are needed")
        if not isinstance(closed, _LayerFunction) or closed.args[1] != J:
            raise AssumptionError(f"{closed} is not a recursion over the layers")
        quantity = step.lhs.subs(J, J - 1)
        if quantity.subs(J, 0) != base.lhs or not quantity.has(J):
            raise AssumptionError(f"the base case must bound {quantity.subs(J, 0)}, not {base.lhs}")
        bound = step.rhs.xreplace({quantity: _VALUE})
        if not nondecreasing(bound.replace(sp.tanh, lambda argument: argument), _VALUE):
            raise UndecidedError(f"cannot show that {step.rhs} is nondecreasing in {quantity}")
        follows, following = bound.xreplace({_VALUE: closed}), closed.step(closed.args[0], J)
        if not vanishes(follows - following):
            raise AssumptionError(f"{closed} does not satisfy the recurrence: {follows} is not {following}")
        if not is_nonnegative(closed.start - base.rhs):
            raise AssumptionError(f"{closed} starts at {closed.start}, below {base.rhs}")
        checks = (Check(follows, closed.subs(J, J + 1), "="), Check(base.rhs, closed.start))
        return Says(quantity, closed, "<=", frozenset(), checks)

    @classmethod
    def explain(cls, tex: Printer, *, closed: sp.Expr) -> str:
        return (rf"By induction over the layers, since the right side is nondecreasing and ${tex(closed)}$ is defined "
                rf"by "
                r"this recurrence with equality.")


# --- numbers -------------------------------------------------------------------------------------------------


def _layers_mpmath(omega: Any, layers: Any) -> tuple[Any, Any, Any]:
    """``d_l, m_l, q_l`` at the working precision."""
    return _layers_at(mpmath.mpf(omega), int(layers), mpmath.mp.prec)


@lru_cache(maxsize=1024)
def _layers_at(omega: Any, left: int, precision: int) -> tuple[Any, Any, Any]:
    # Kept: a verification asks for one sensitivity in each of thousands of terms.
    spread, mean, query = mpmath.mpf(2), mpmath.mpf(1), mpmath.mpf(0)
    while left:
        context = mpmath.exp(omega * spread / 2) * (1 + omega * spread / 2)
        own = omega * spread**2 / 8
        following = spread * mpmath.tanh(omega * spread**2 / 8)
        if following == spread or context + own == 1:
            # Nothing changes from here on: context + own is the factor of the mean in every layer.
            growth, rest = (context + own) ** left, own**left
            # A spread that does not show in the slopes is as good as 0 one layer later.
            last = following if left == 1 or following == spread else following * 0
            return last, mean * growth, mean * (growth - rest) + query * rest
        mean, query = (context + own) * mean, context * mean + own * query
        spread, left = following, left - 1
    return spread, mean, query


def _layers_array(omega: npt.ArrayLike, layers: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], ...]:
    """``d_l, m_l, q_l`` on arrays of doubles; ``inf`` where the true value exceeds the largest one."""
    score, depth = np.broadcast_arrays(np.asarray(omega, dtype=float), np.asarray(layers, dtype=float))
    spread, mean, query = np.full(score.shape, 2.0), np.ones(score.shape), np.zeros(score.shape)
    done = np.zeros(score.shape)
    with np.errstate(all="ignore"):
        while np.any(done < depth):
            context = np.exp(score * spread / 2) * (1 + score * spread / 2)
            own = score * spread**2 / 8
            following = spread * np.tanh(score * spread**2 / 8)
            # What has settled takes all the layers that are left in one stride.
            settled = (following == spread) | (context + own == 1.0)
            stride = np.where(settled, depth - done, np.minimum(1.0, depth - done))
            growth, kept = (context + own) ** stride, (own / (context + own)) ** stride
            moved = mean * growth * (1 - kept) + np.where(query > 0, query * own**stride, 0.0)
            moved = np.where(stride == 1.0, context * mean + own * query, moved)
            query = np.where(stride > 0, moved, query)
            mean = np.where(stride > 0, mean * growth, mean)
            spread = np.where(stride > 0, following, spread)
            done = done + stride
    return spread, mean, query


def _component(function: Callable[..., Any], index: int) -> Callable[[Any, Any], Any]:
    return lambda omega, layers: function(omega, layers)[index]


for _index, _kind in enumerate((layer_spread, layer_mean, layer_query)):
    MPMATH_FUNCTIONS[_kind.__name__] = _component(_layers_mpmath, _index)
    NUMPY_FUNCTIONS[_kind.__name__] = _component(_layers_array, _index)
