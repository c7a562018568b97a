r"""Several bounds side by side: their rates and constants, and their values at given numbers, as LaTeX tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError, StlboundsError
from stlbounds.numeric.values import exact_values
from stlbounds.render.display import rows
from stlbounds.render.options import points
from stlbounds.render.printer import inline, latex
from stlbounds.render.prose import escape
from stlbounds.render.width import formula_width
from stlbounds.symbols import entry, n

__all__ = ["compare_table", "numeric_table"]


def _checked(bounds: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
    """The bounds by their names."""
    from stlbounds.theorems.statement import Statement

    named = dict(bounds) if isinstance(bounds, Mapping) else {}
    for bound in () if isinstance(bounds, Mapping) else bounds:
        setting = getattr(bound, "setting", None)
        name = f"{setting.loop.name}, {setting.generator.name}" if setting is not None else str(bound)
        title = name if name not in named else f"{name}, {bound.theorem}"
        if title in named:
            raise InvalidArgumentError("bounds", title, "bounds with different names", "give a mapping from names")
        named[title] = bound
    if not named or not all(isinstance(bound, Statement) for bound in named.values()):
        raise InvalidArgumentError("bounds", repr(bounds)[:60], "one or more bounds, or a mapping from names to them")
    return named


def _environment(columns: str, head: Sequence[str], body: Sequence[str]) -> str:
    return "\n".join([rf"\begin{{tabularx}}{{\linewidth}}{{{columns}}}", r"\toprule", rf"{' & '.join(head)} \\",
                      r"\midrule", *body, r"\bottomrule", r"\end{tabularx}", ""])


def compare_table(bounds: Mapping[str, Any] | Sequence[Any], variable: sp.Symbol | str = n,
                  width: float | str = 390.0) -> str:
    r"""A booktabs table of several bounds: the loop gain, and the rate with its constant, case by case.

    Parameters
    ----------
    bounds : mapping of str to Bound, or sequence of Bound
        The rows, in order; without names they are called by loop and generator.
    variable : sympy.Symbol or str
        What tends to infinity; the number of real points by default.
    width : float or str
        The line: points at 10 pt type, or a length with its unit. Long constants are named, and
        displayed below the table.

    Returns
    -------
    str
        A ``tabularx`` environment, and displays below it; the preamble needs amsmath, booktabs and tabularx.

    Raises
    ------
    InvalidArgumentError
        If there is no bound, or two have one name.

    References
    ----------
    Theory §5 (the rows), §11 (checks).

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> loops = {"fixed": stl.loops.FixedMix(alpha, real="fresh"), "replace": stl.loops.Replace()}
    >>> made = {name: stl.high_probability(stl.Setting(loop, stl.generators.Categorical(20)))
    ...         for name, loop in loops.items()}
    >>> print(compare_table(made).splitlines()[2])
    Bound & gain $\rho$ & rate in $n$ & constant \\
    """
    line, symbol = points(width), entry(variable).symbol
    body, below = list[str](), list[str]()
    for name, bound in _checked(bounds).items():
        first = [escape(name), f"${inline(bound.loop_gain)}$"]
        try:
            cases = [(case.conditions, case.value) for case in bound.rate(symbol).cases]
        except StlboundsError:
            # No rate is known: the row says so, rather than a wrong one.
            body.append(" & ".join([*first, r"\emph{undecided}", ""]) + r" \\")
            continue
        for conditions, leading in cases:
            constant, order = inline(leading.constant), inline(leading.order)
            when = "".join(rf"{', if' if place == 0 else ' and'} ${inline(condition.relation)}$"
                           for place, condition in enumerate(conditions))
            if formula_width(constant) > line / 4:
                below.append(f"C_{{{len(below) + 1}}} = {latex(leading.constant)}")
                constant = f"C_{{{len(below)}}}"
            body.append(" & ".join([*first, rf"$\Theta({order})${when}", f"${constant}$"]) + r" \\")
            first = ["", ""]
    table = _environment(r"@{}>{\raggedright\arraybackslash}Xlll@{}",
                         ("Bound", r"gain $\rho$", f"rate in ${inline(symbol)}$", "constant"), body)
    return f"{table}\n\\noindent where\n{rows(below, line)}\n" if below else table


def numeric_table(bounds: Mapping[str, Any] | Sequence[Any], points_at: Sequence[Mapping[str, Any]],
                  digits: int = 3) -> str:
    r"""A booktabs table of the values of several bounds, rounded up, one column for each set of numbers.

    Parameters
    ----------
    bounds : mapping of str to Bound, or sequence of Bound
        The rows, in order.
    points_at : sequence of mapping
        Values by name for all symbols, one mapping a column; values of symbols that a bound lacks are left out there.
    digits : int
        How many significant digits are kept, at least 1.

    Returns
    -------
    str
        A ``tabularx`` environment; the preamble needs booktabs and tabularx.

    Raises
    ------
    InvalidArgumentError
        If there is no bound or no column, or a symbol has no value.

    References
    ----------
    Theory §12: numbers of upper bounds are rounded up.

    Examples
    --------
    >>> import stlbounds as stl
    >>> setting = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(5), stl.learners.BrierFit())
    >>> r"\toprule" in numeric_table([stl.in_expectation(setting)], [{"n": 100, "i": 3}])
    True
    """
    from stlbounds.render.paper import decimal, numbers_by_name, rounded_up

    named = _checked(bounds)
    if not points_at:
        raise InvalidArgumentError("points_at", points_at, "at least one mapping of values")
    if isinstance(digits, bool) or not isinstance(digits, int) or not 1 <= digits <= 15:
        raise InvalidArgumentError("digits", digits, "an integer from 1 to 15")
    names = list(dict.fromkeys(name for values in points_at for name in values))
    varying = [name for name in names if len({str(values.get(name)) for values in points_at}) > 1]
    shown = [exact_values({name: values[name] for name in varying if name in values}) for values in points_at]
    heads = [", ".join(f"${inline(symbol)} = {inline(number)}$" for symbol, number in point.items()) or "value"
             for point in shown]
    body = []
    for name, bound in named.items():
        cells = [escape(name)]
        for values in points_at:
            mine = {name: value for name, value in numbers_by_name(values).items()
                    if entry(name).symbol in bound.constants}
            number = sp.Rational(str(bound.evaluate(**mine, digits=30)))
            cells.append(f"${decimal(rounded_up(number, digits))}$")
        body.append(" & ".join(cells) + r" \\")
    return _environment(r"@{}>{\raggedright\arraybackslash}X" + "r" * len(heads) + "@{}", ("Bound", *heads), body)
