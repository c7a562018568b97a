"""JavaScript for a bound: a function of its symbols that a web page can run, with the functions that it needs.

The printed function computes in doubles like `numeric.scalars`. What overflows on the way is not done again there:
the result is then ``Infinity`` or ``NaN``, so pages should offer ranges in which bounds are of moderate size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy.printing.jscode import JavascriptCodePrinter

from stlbounds.compiled import shared_parts
from stlbounds.errors import UndecidedError
from stlbounds.numeric.preparing import prepared

__all__ = ["RUNTIME", "javascript_function"]

#: The functions that printed code calls, each once; to be put on a page before any printed function.
RUNTIME = """\
function stl_geometric_sum_from(offset, k) {
  if (k <= 1 || offset === 0) { return k; }
  if (offset === -1) { return 1; }
  if (offset >= 1) { return Math.pow(1 + offset, k - 1) * (1 + 1 / offset) - 1 / offset; }
  return Math.expm1(k * Math.log1p(offset)) / offset;
}
function geometric_sum(r, k) { return stl_geometric_sum_from(r - 1, k); }
function geometric_sum_from_one(a, k) { return stl_geometric_sum_from(-a, k); }
function stl_sum(term, first, last) {
  var total = 0, lost = 0, k, value, next;
  for (k = first; k <= last; k += 1) {
    value = term(k) - lost; next = total + value; lost = (next - total) - value; total = next;
  }
  return total;
}
function stl_product(term, first, last) {
  var total = 1, k;
  for (k = first; k <= last; k += 1) { total *= term(k); }
  return total;
}
function growth(kappa, j, i) { return stl_product(function (m) { return 1 + kappa / m; }, j + 1, i); }
var stl_grown = [];
function growth_sum(kappa, i, p, start) {
  var begin = start || 0, total = 1 - begin, m = 1, g = stl_grown;
  /* A sum over generations asks for one after the other. */
  if (g[0] === kappa && g[1] === p && g[2] === begin && g[3] <= i) { total = g[4]; m = g[3] + 1; }
  for (; m <= i; m += 1) { total = Math.pow(1 + kappa / m, p) * total + 1; }
  stl_grown = [kappa, p, begin, i, total];
  return total;
}
function listed(index) { return arguments[Math.min(Math.max(index, 1), arguments.length - 1)]; }
function binary_depth(size) {
  var depth = 0, leaves = 1;
  while (leaves < size) { leaves *= 2; depth += 1; }
  return depth;
}
function erf(x) {
  var square = x * x, term, total, k, fraction;
  if (x < 0) { return -erf(-x); }
  if (x < 2.5) {
    term = x; total = x;
    for (k = 1; k < 100; k += 1) { term *= 2 * square / (2 * k + 1); total += term; }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-square) * total;
  }
  fraction = 0;
  for (k = 60; k >= 1; k -= 1) { fraction = k / 2 / (x + fraction); }
  return 1 - Math.exp(-square) / Math.sqrt(Math.PI) / (x + fraction);
}
function stl_layers(omega, layers) {
  var spread = 2, mean = 1, query = 0, context, own, l;
  for (l = 0; l < layers; l += 1) {
    context = Math.exp(omega * spread / 2) * (1 + omega * spread / 2);
    own = omega * spread * spread / 8;
    query = context * mean + own * query;
    mean *= context + own;
    spread *= Math.tanh(own);
  }
  return [spread, mean, query];
}
function layer_spread(omega, l) { return stl_layers(omega, l)[0]; }
function layer_mean(omega, l) { return stl_layers(omega, l)[1]; }
function layer_query(omega, l) { return stl_layers(omega, l)[2]; }
"""

_CALLED = ("geometric_sum", "geometric_sum_from_one", "growth", "growth_sum", "listed", "binary_depth", "erf",
           "layer_spread", "layer_mean", "layer_query")
_RESERVED = frozenset([
    "var", "let", "const", "function", "return", "if", "else", "for", "while", "do", "new", "delete", "in", "with",
    "yield", "this", "NaN", "Infinity", "class", "default", "case", "switch", "break", "try", "catch", "throw", "void",
    "typeof", "Math", "arguments", "eval"])


class _JavaScriptPrinter(JavascriptCodePrinter):  # type: ignore[misc]  # SymPy has no types
    def __init__(self) -> None:
        super().__init__({"user_functions": {**{name: name for name in _CALLED}, "tanh": "Math.tanh",
                                             "log": "Math.log", "exp": "Math.exp"}})

    def _print_Symbol(self, expr: sp.Symbol) -> str:
        name = str(super()._print_Symbol(expr))
        return f"{name}_" if name in _RESERVED or name in _CALLED else name

    def _print_Function(self, expr: sp.Function) -> str:
        if type(expr).__name__ not in self.known_functions:
            raise UndecidedError(f"the function {type(expr).__name__} has no JavaScript")
        return str(super()._print_Function(expr))

    def _folded(self, name: str, expr: Any) -> str:
        body = str(self._print(expr.function))
        for variable, first, last in expr.limits:
            body = (f"{name}(function ({self._print(variable)}) {{ return {body}; }}, "
                    f"{self._print(first)}, {self._print(last)})")
        return body

    def _print_Sum(self, expr: sp.Sum) -> str:
        return self._folded("stl_sum", expr)

    def _print_Product(self, expr: sp.Product) -> str:
        return self._folded("stl_product", expr)


def javascript_function(name: str, expression: sp.Expr, symbols: Sequence[sp.Symbol]) -> str:
    """The source of a JavaScript function.

    Parameters
    ----------
    name : str
        Its name.
    expression : sympy.Expr
        What it returns.
    symbols : sequence of sympy.Symbol
        Its arguments, in order.

    Returns
    -------
    str
        Source that needs `RUNTIME`.

    Raises
    ------
    UndecidedError
        If a function has no JavaScript, or a free symbol is not among the arguments.

    Examples
    --------
    >>> from stlbounds.special import geometric_sum
    >>> from stlbounds.symbols import alpha, i
    >>> print(javascript_function("drift", geometric_sum(1 - alpha, i), (alpha, i)))
    function drift(alpha, i) {
      return geometric_sum_from_one(alpha, i);
    }
    """
    unknown = expression.free_symbols - set(symbols)
    if unknown:
        raise UndecidedError(f"no value for {', '.join(sorted(map(str, unknown)))}")
    printer = _JavaScriptPrinter()
    parts, (result,) = shared_parts([prepared(expression)])
    lines = [f"  var {printer._print(part)} = {printer.doprint(value)};" for part, value in parts]
    arguments = ", ".join(printer._print(symbol) for symbol in symbols)
    return "\n".join([f"function {name}({arguments}) {{", *lines, f"  return {printer.doprint(result)};", "}"])
