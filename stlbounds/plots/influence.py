"""The influence of one point on the last training set, by the generation in which it was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.numeric.values import exact_values
from stlbounds.plots.style import COLUMN, LINES, drawing, figure, generation_axis, needs_logarithm
from stlbounds.proof.protocol import PointClass
from stlbounds.symbols import G, N, i
from stlbounds.theorems.setting import Setting

__all__ = ["influences", "plot_influence"]

#: At most so many generations.
_LAST = 500


def influences(setting: Setting, values: Mapping[str, Any]) -> dict[str, dict[int, float]]:
    r"""The influence :math:`x_X` of a point on :math:`T_i`, by the class of the point and the generation of its draw.

    Parameters
    ----------
    setting : Setting
    values : mapping
        Numbers for ``i``, the parameters of the loop, and the symbols of the sensitivity.

    Raises
    ------
    InvalidArgumentError
        If a value is missing, or ``i`` is too large to draw every generation.
    AssumptionError
        If influence depends on more than the class and the generation of a point.

    References
    ----------
    Theory §3.

    Examples
    --------
    >>> import stlbounds as stl
    >>> found = influences(stl.Setting(stl.loops.Accumulate(), stl.generators.Categorical(3)), {"i": 3})
    >>> found["a point of generation $g$, real or synthetic"]
    {0: 4.0, 1: 2.0, 2: 1.3333333333333333, 3: 1.0}
    """
    loop = setting.loop
    if "i" not in values:
        raise InvalidArgumentError("i", "missing", "given", "it is the last generation")
    last = int(values["i"])
    if not 0 <= last <= _LAST:
        raise InvalidArgumentError("i", last, f"in [0, {_LAST}]", "every generation is drawn")
    kappa = setting.generator.sensitivity.subs(N, loop.size(i))
    rho = loop.gain(kappa) if loop.constant_gain else kappa
    known = exact_values(values)
    found: dict[str, dict[int, float]] = {}
    for point in loop.classes:
        born = range(point.first, last + 1) if point.recurring else range(point.first, min(point.first, last) + 1)
        curve = {g: _value(loop, point, g, last, rho, known) for g in born}
        if curve:
            found[point.meaning] = curve
    return found


def _value(
    loop: Any, point: PointClass, born: int, last: int, rho: sp.Expr, known: Mapping[sp.Symbol, sp.Expr]
) -> float:
    expression = loop.influence(point, sp.Integer(last - born), rho).subs(G, born - point.first)
    value = expression.subs(known).doit()
    if value.free_symbols:
        names = ", ".join(sorted(map(str, value.free_symbols)))
        if all(name.startswith("_") for name in map(str, value.free_symbols)):
            raise AssumptionError(f"in the loop {loop.name} the influence of {point.meaning} depends on more than its "
                                  f"generation, so it is not one curve")
        raise InvalidArgumentError(names, "missing", "given", "the influence of a point depends on it")
    return float(value)


def plot_influence(bound: Any, *, width: float = COLUMN, **values: Any) -> Any:
    """The influence of a point on the last training set, one curve for each class of points of the loop.

    Parameters
    ----------
    bound : Bound
        Only its setting matters.
    width : float
        In inches.
    **values : number
        Numbers for ``i``, the parameters of the loop, and the symbols of the sensitivity.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidArgumentError, AssumptionError
        As for `influences`.
    MissingDependencyError
        If Matplotlib is not installed.

    References
    ----------
    Theory §3.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> bound = stl.in_expectation(stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(3)))
    >>> len(plot_influence(bound, alpha=0.2, i=8).axes[0].lines)
    3
    """
    curves = influences(bound.setting, values)
    with drawing():
        made = figure(width, width * 0.74)
        axes = made.add_subplot()
        generation_axis(axes, list(range(int(values["i"]) + 1)), "generation $g$ in which the point is drawn")
        axes.set_ylabel(f"influence on $T_{{{int(values['i'])}}}$")
        if needs_logarithm(*(list(curve.values()) for curve in curves.values())):
            axes.set_yscale("log")
        for (label, curve), style in zip(curves.items(), LINES, strict=False):
            axes.plot(list(curve), list(curve.values()), **style, markevery=max(1, len(curve) // 12),
                      markerfacecolor="white", label=label)
        if axes.get_yscale() == "linear":
            axes.set_ylim(bottom=0)
        made.legend(loc="outside lower center", ncols=1)
    return made
