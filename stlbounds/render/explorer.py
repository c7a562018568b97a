"""The explorer of the report: what a page needs to evaluate a bound again in the browser, as plain data and JavaScript.

The functions are printed from the bound's own expressions by `stlbounds.numeric.javascript`; the page adds sliders, a
plot and a link that carries their state (``templates/explorer.js``).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from stlbounds.growth import growth_sum
from stlbounds.numeric.javascript import RUNTIME, javascript_function
from stlbounds.render.mathml import mathml
from stlbounds.render.meanings import meaning
from stlbounds.render.notation import Notation
from stlbounds.render.source import python_source
from stlbounds.render.unicode import plain_latex
from stlbounds.sequences import listed
from stlbounds.symbols import alpha, entry, i
from stlbounds.theorems.statement import ordered

__all__ = ["Explorer", "explorer", "parameter", "quantity", "trivial"]

#: Sums over generations are computed term by term, so that their number is kept moderate on sliders.
_SERIES_SPAN = 100.0
#: An end that does not belong to a range is approached up to this part of the range.
_OPEN = 1e-6
_LABELS = {"drift": "drift", "bias": "stability bias", "concentration": "concentration"}
#: So many proportions of a schedule get a slider each; more stay as they are.
_MOST_PROPORTIONS = 12
#: Where the text of copied Python takes the proportions of the sliders.
_PROPORTIONS = "@alphas@"
#: Where a sentence of the page takes the loss constant.
_MOST = "@most@"


def quantity(theorem: str) -> str:
    """What a theorem bounds, in words."""
    return "excess risk" if "excess" in theorem else "gap"


def trivial(theorem: str, most: str) -> str:
    """Why a bound of at least `most` says nothing.

    Examples
    --------
    >>> trivial("bernstein", "1")
    'the gap never exceeds 1 anyway'
    """
    if quantity(theorem) == "gap":
        return f"the gap never exceeds {most} anyway"
    # Of two hypotheses nothing is known unless the loss itself is bounded.
    return f"the excess risk of a loss with values in an interval of length {most} is at most {most} anyway"


@dataclass(frozen=True)
class Explorer:
    """What the page needs.

    Parameters
    ----------
    source : str
        JavaScript: the functions that the printed code calls, and one function for each quantity.
    parameters : tuple of dict
        For each symbol: its name, label, meaning, range, the ends and the scale of its slider, and its value.
    data : dict
        Everything that the script reads: parameters, quantities, and the texts that can be copied.
    """

    source: str
    parameters: tuple[dict[str, Any], ...]
    data: dict[str, Any]


def _span(symbol: sp.Symbol, value: float, low: float, heavy: bool) -> float:
    """How far above ``low`` the slider of a parameter without an upper end reaches."""
    if not entry(symbol).range.integer:
        return max(2.0, 4.0 * abs(value - low))
    if symbol == i:
        return max(_SERIES_SPAN if heavy else 200.0, 2.0 * value)
    return max(1000.0, 100.0 * value) if value > 50 else max(20.0, 5.0 * value)


def parameter(symbol: sp.Symbol, value: Any, label: str, *, heavy: bool = False,
              last: int | None = None) -> dict[str, Any]:
    """A slider for a symbol.

    Parameters
    ----------
    symbol : sympy.Symbol
        Of the vocabulary.
    value : number
        Where the slider stands at first.
    label : str
        How the symbol is shown, in LaTeX.
    heavy : bool
        Whether the bound has sums over generations.
    last : int, optional
        The largest value that the loop allows.

    Returns
    -------
    dict
        ``low`` and ``high`` (None for infinity) are what may be typed, ``from`` and ``to`` the ends of the slider;
        ``scale`` is ``linear``, ``log`` (``from * (to/from)**t``) or ``shifted`` (``from + expm1(t log1p(to -
        from))``).
    """
    found = entry(symbol).range
    start = float(value)
    low = None if found.low == -sp.oo else float(found.low)
    high = float(last) if last is not None else None if found.high == sp.oo else float(found.high)
    bottom = low if low is not None else min(-2.0, 2.0 * start)
    top = high if high is not None else bottom + _span(symbol, start, bottom, heavy)
    scale = "shifted" if found.integer else "linear"
    if found.low_open and bottom == 0.0:
        bottom, scale = min(top * _OPEN if high is not None else top * 1e-3, start), "log"
    elif found.low_open:
        bottom = min(bottom + _OPEN * (top - bottom), start)
    if found.high_open and high is not None:
        top = max(high * (1 - 1e-3) if scale == "log" else top - _OPEN * (top - bottom), start)
    return {"name": symbol.name, "label": mathml(label), "plain": plain_latex(label).replace("{", "").replace("}", ""),
            "meaning": entry(symbol).meaning, "range": str(found),
            "value": int(start) if start.is_integer() else start, "integer": found.integer, "low": low, "high": high,
            "low_open": found.low_open, "high_open": found.high_open, "from": bottom, "to": top, "scale": scale}


def _quantities(bound: Any) -> dict[str, sp.Expr]:
    """What the page computes: the terms of the bound, and what it shows beside them."""
    terms = {f"term_{place}": term for place, term in enumerate(bound.terms.values())}
    most = bound.setting.learner.loss_constant
    extras = {"most": most, "failure": bound.failure_probability, "gain": bound.loop_gain,
              "amplification": bound.amplification}
    # A bound in expectation may lack the sensitivity that these parts need.
    known = bound.expr.free_symbols | most.free_symbols | bound.failure_probability.free_symbols
    return {**terms, **{name: part for name, part in extras.items() if part.free_symbols <= known}}


def _proportions(bound: Any, quantities: dict[str, sp.Expr]) -> tuple[tuple[sp.Symbol, ...], dict[str, sp.Expr]] | None:
    """The quantities with a symbol for each proportion of a schedule, or None where there is no such list.

    The same theorem is derived for proportions that occur nowhere else, so that they can be told from other numbers;
    what results must give back the bound's own expressions.
    """
    given = getattr(bound.setting.loop, "alphas", None)
    if not isinstance(given, tuple) or len(given) > _MOST_PROPORTIONS or any(value.free_symbols for value in given):
        return None
    marked = tuple(sp.Rational(1, sp.prime(50 + place)) for place in range(len(given)))
    loop = dataclasses.replace(bound.setting.loop, alphas=marked)
    sibling = type(bound)(dataclasses.replace(bound.setting, loop=loop), bound.theorem, **bound.options)
    symbols = tuple(sp.Symbol(f"alpha_{place}", nonnegative=True) for place in range(1, len(given) + 1))

    def put(expression: sp.Expr, old: tuple[sp.Expr, ...], new: tuple[sp.Expr, ...]) -> sp.Expr:
        return expression.replace(lambda part: isinstance(part, listed) and part.args[1:] == old,
                                  lambda part: listed(part.args[0], *new))

    found = {name: put(part, marked, symbols) for name, part in _quantities(sibling).items()}
    return (symbols, found) if {name: put(part, symbols, given) for name, part in found.items()} == quantities else None


def explorer(bound: Any, values: Mapping[str, Any]) -> Explorer:
    """The explorer of a bound.

    Parameters
    ----------
    bound : Bound
    values : mapping
        By name, where each slider stands at first; a value for every symbol of the bound.

    Returns
    -------
    Explorer

    Raises
    ------
    UndecidedError
        If a function of the bound has no JavaScript.

    Examples
    --------
    >>> import stlbounds as stl
    >>> bound = stl.high_probability(stl.Setting(stl.loops.Replace(), stl.generators.Categorical(20)))
    >>> page = explorer(bound, {"n": 100, "i": 3, "b": 1, "M": 1, "delta": 0.05})
    >>> [part["name"] for part in page.parameters], [part["name"] for part in page.data["terms"]]
    (['n', 'i', 'b', 'M', 'delta'], ['drift', 'bias', 'concentration'])
    """
    most = bound.setting.learner.loss_constant
    symbols = ordered(bound.expr.free_symbols | most.free_symbols | bound.failure_probability.free_symbols)
    notation = Notation(bound)
    heavy = bound.expr.has(sp.Sum, sp.Product, growth_sum)
    sliders = [parameter(symbol, values[symbol.name], notation.symbol(symbol), heavy=heavy,
                         last=bound.setting.loop.horizon if symbol == i else None)
               | {"meaning": meaning(symbol, bound.setting)} for symbol in symbols]
    quantities = _quantities(bound)
    source = python_source(bound)
    program = re.sub(r"(?<=alphas=\[)[^\[\]]*(?=\])", _PROPORTIONS, source)
    schedule = _proportions(bound, quantities) if program != source else None
    if schedule is not None:
        source = program
        symbols, quantities = (*symbols, *schedule[0]), schedule[1]
        sliders += [_proportion(place, value, notation)
                    for place, value in enumerate(bound.setting.loop.alphas, start=1)]
    functions = [javascript_function(name, part, symbols) for name, part in quantities.items()]
    terms = [name for name in quantities if name.startswith("term_")]
    data = {
        "parameters": tuple(sliders),
        "terms": [{"name": name, "label": _LABELS.get(name, name), "function": function}
                  for name, function in zip(bound.terms, terms, strict=True)],
        "extras": [name for name in quantities if name not in terms],
        "trivial": trivial(bound.theorem, _MOST),
        "latex": bound.latex("theorem"),
        "python": source,
    }
    table = "var stl_functions = {" + ", ".join(f"{name}: {name}" for name in quantities) + "};"
    return Explorer("\n".join([RUNTIME, *functions, table]), tuple(sliders), data)


def _proportion(place: int, value: Any, notation: Notation) -> dict[str, Any]:
    """The slider of a proportion of a schedule."""
    slider = parameter(alpha, value, rf"{notation.symbol(alpha)}_{{{place}}}")
    return {**slider, "name": f"alpha_{place}", "listed": True,
            "meaning": f"the proportion of real data in generation {place}"}
