"""The explorer of the report: what a page needs to evaluate a bound again in the browser, as plain data and JavaScript.

The functions are printed from the bound's own expressions by `stlbounds.numeric.javascript`; the page adds sliders, a
plot and a link that carries their state (``templates/explorer.js``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from stlbounds.growth import growth_sum
from stlbounds.numeric.javascript import RUNTIME, javascript_function
from stlbounds.render.mathml import mathml
from stlbounds.render.notation import Notation
from stlbounds.render.source import python_source
from stlbounds.symbols import entry, i
from stlbounds.theorems.statement import ordered

__all__ = ["Explorer", "explorer", "parameter"]

#: Sums over generations are computed term by term, so that their number is kept moderate on sliders.
_SERIES_SPAN = 100.0
#: An end that does not belong to a range is approached up to this part of the range.
_OPEN = 1e-6
_LABELS = {"drift": "drift", "bias": "stability bias", "concentration": "concentration"}


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
        How the symbol is shown, as HTML.
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
    return {"name": symbol.name, "label": label, "meaning": entry(symbol).meaning, "range": str(found),
            "value": int(start) if start.is_integer() else start, "integer": found.integer, "low": low, "high": high,
            "low_open": found.low_open, "high_open": found.high_open, "from": bottom, "to": top, "scale": scale}


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
    extras = {"most": most, "failure": bound.failure_probability, "gain": bound.loop_gain,
              "amplification": bound.amplification}
    # A bound in expectation may lack the sensitivity that these parts need.
    extras = {name: part for name, part in extras.items() if part.free_symbols <= set(symbols)}
    terms = {f"term_{place}": term for place, term in enumerate(bound.terms.values())}
    functions = [javascript_function(name, part, symbols) for name, part in {**terms, **extras}.items()]
    heavy = bound.expr.has(sp.Sum, sp.Product, growth_sum)
    parameters = tuple(
        parameter(symbol, values[symbol.name], mathml(notation.symbol(symbol)), heavy=heavy,
                  last=bound.setting.loop.horizon if symbol == i else None) for symbol in symbols)
    data = {
        "parameters": parameters,
        "terms": [{"name": name, "label": _LABELS.get(name, name), "function": function}
                  for name, function in zip(bound.terms, terms, strict=True)],
        "extras": list(extras),
        "latex": bound.latex("theorem"),
        "python": python_source(bound),
    }
    names = [*terms, *extras]
    table = "var stl_functions = {" + ", ".join(f"{name}: {name}" for name in names) + "};"
    return Explorer("\n".join([RUNTIME, *functions, table]), parameters, data)
