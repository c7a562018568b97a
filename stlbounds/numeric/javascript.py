"""JavaScript for a bound: a function of its symbols that a web page can run.

The printed function computes in doubles like `numeric.scalars`, and with exponents of unlimited range where a value on
the way is too large or too small for that (`numeric.javascript_runtime`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import sympy as sp
from sympy.printing.jscode import JavascriptCodePrinter

from stlbounds.compiled import shared_parts
from stlbounds.errors import UndecidedError
from stlbounds.numeric.javascript_runtime import RUNTIME
from stlbounds.numeric.preparing import prepared

__all__ = ["RUNTIME", "javascript_function"]

_CALLED = ("geometric_sum", "geometric_sum_from_one", "growth", "growth_sum", "listed", "binary_depth", "erf",
           "layer_spread", "layer_mean", "layer_query")
_NAMES = {**{name: name for name in _CALLED}, "exp": "stl_exp", "log": "stl_log", "tanh": "stl_tanh", "Abs": "stl_abs"}
_RESERVED = frozenset([
    "var", "let", "const", "function", "return", "if", "else", "for", "while", "do", "new", "delete", "in", "with",
    "yield", "this", "NaN", "Infinity", "class", "default", "case", "switch", "break", "try", "catch", "throw", "void",
    "typeof", "Math", "arguments", "eval"])


class _JavaScriptPrinter(JavascriptCodePrinter):  # type: ignore[misc]  # SymPy has no types
    """Calls of the arithmetic's functions; operators only between numbers that are never extreme.

    Parameters
    ----------
    temporary : set of sympy.Symbol
        Names of parts, which may be extreme; other symbols are arguments and indices.
    """

    def __init__(self, temporary: set[sp.Symbol]) -> None:
        super().__init__()
        self.temporary = temporary

    def _print_Symbol(self, expr: sp.Symbol) -> str:
        name = str(super()._print_Symbol(expr))
        return f"{name}_" if name in _RESERVED or name in _CALLED else name

    def _print_Rational(self, expr: sp.Rational) -> str:
        return f"{expr.p}/{expr.q}"

    def _called(self, name: str, parts: Sequence[sp.Expr]) -> str:
        return f"{name}({', '.join(map(self._print, parts))})"

    def _moderate(self, term: sp.Expr) -> bool:
        factor, rest = term.as_coeff_Mul()
        return rest == 1 or (factor in (-1, 1) and rest.is_Symbol and rest not in self.temporary)

    def _print_Add(self, expr: sp.Add, order: Any = None) -> str:
        constant, rest = expr.as_coeff_Add()
        terms = sorted(sp.Add.make_args(rest), key=lambda term: term.could_extract_minus_sign())
        if constant:
            # Next to the first term: ``x - 1 + y`` loses nothing for ``x`` next to 1.
            terms.insert(int(not terms[0].could_extract_minus_sign()), constant)
        if all(map(self._moderate, terms)):
            return str(self._print(terms[0])) + "".join(
                f" - {self._print(-term)}" if term.could_extract_minus_sign() else f" + {self._print(term)}"
                for term in terms[1:])
        return self._called("stl_add", terms)

    def _print_Mul(self, expr: sp.Mul) -> str:
        if expr.could_extract_minus_sign():
            opposite = self._print(-expr)
            return f"-{opposite}" if self._moderate(expr) else f"stl_negative({opposite})"
        top, bottom = (sp.Mul.make_args(side) for side in sp.fraction(expr))
        above = self._print(top[0]) if len(top) == 1 else self._called("stl_mul", top)
        if bottom == (sp.S.One,):
            return above
        below = self._print(bottom[0]) if len(bottom) == 1 else self._called("stl_mul", bottom)
        return f"stl_div({above}, {below})"

    def _print_Pow(self, expr: sp.Pow) -> str:
        base, exponent = expr.base, expr.exp
        if exponent.could_extract_minus_sign():
            return f"stl_div(1, {self._print(base**-exponent)})"
        return self._called("stl_root", [base]) if exponent == sp.S.Half else self._called("stl_pow", [base, exponent])

    def _print_Function(self, expr: sp.Function) -> str:
        name = type(expr).__name__
        if name not in _NAMES:
            raise UndecidedError(f"the function {name} has no JavaScript")
        return self._called(_NAMES[name], expr.args)

    _print_Abs = _print_Function

    def _nested(self, name: str, expr: sp.Expr) -> str:
        return reduce(lambda one, other: f"{name}({one}, {other})", map(str, map(self._print, expr.args)))

    def _print_Max(self, expr: sp.Expr) -> str:
        return self._nested("stl_max", expr)

    def _print_Min(self, expr: sp.Expr) -> str:
        return self._nested("stl_min", expr)

    def _print_Piecewise(self, expr: sp.Piecewise) -> str:
        *cases, (otherwise, last) = expr.args
        if last != sp.S.true:
            raise UndecidedError("a value that is not defined everywhere has no JavaScript")
        chosen = "".join(f"{self._print(condition)} ? {self._print(value)} : " for value, condition in cases)
        return f"({chosen}{self._print(otherwise)})"

    def _print_Relational(self, expr: sp.core.relational.Relational) -> str:
        if all(side.is_Number or self._moderate(side) for side in expr.args):
            return str(super()._print_Relational(expr))
        return f"{self._called('stl_sign', expr.args)} {expr.rel_op} 0"

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


# The parent knows some functions in doubles, which would overflow or not be told where they do not exist.
for _name in [name for name in dir(_JavaScriptPrinter) if name not in vars(_JavaScriptPrinter)
              and isinstance(getattr(sp, name.removeprefix("_print_"), None), sp.FunctionClass)]:
    setattr(_JavaScriptPrinter, _name, _JavaScriptPrinter._print_Function)


def javascript_function(name: str, expression: sp.Expr, symbols: Sequence[sp.Symbol]) -> str:
    """The source of a JavaScript function.

    Parameters
    ----------
    name : str
        Its name.
    expression : sympy.Expr
        What it returns: ``Infinity`` where it exceeds the largest double, and only there.
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
      return stl_double(geometric_sum_from_one(alpha, i));
    }
    """
    unknown = expression.free_symbols - set(symbols)
    if unknown:
        raise UndecidedError(f"no value for {', '.join(sorted(map(str, unknown)))}")
    parts, (result,) = shared_parts([prepared(expression)])
    printer = _JavaScriptPrinter({part for part, _ in parts})
    lines = [f"  var {printer._print(part)} = {printer._print(value)};" for part, value in parts]
    arguments = ", ".join(printer._print(symbol) for symbol in symbols)
    last = f"  return stl_double({printer._print(result)});"
    return "\n".join([f"function {name}({arguments}) {{", *lines, last, "}"])
