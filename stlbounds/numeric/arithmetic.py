"""Generated code over an arithmetic of one's own: every number and every operation that can fail goes through a name.

Balls (`numeric.balls`) and numbers with an exponent of their own (`numeric.scaled`) are two such arithmetics. Each
brings a table of operations: ``number(x)``, ``ratio(p, q)``, ``root(x)``, ``roots([...])`` (the
product of roots), ``power(x, y)``, ``cases(...)``,
``compare(relation, x, y)``, ``every([...])``, ``some([...])``, ``negated(c)``, ``sum_over(term, first, last)``,
``product_over(term, first, last)``, ``pi()``, ``euler()``; and a table of functions by the names of their classes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import sympy as sp
from sympy.printing.pycode import PythonCodePrinter

from stlbounds.compiled import Series, printed_function
from stlbounds.errors import UndecidedError

__all__ = ["OPERATIONS", "function_over"]

OPERATIONS = ("number", "ratio", "root", "roots", "power", "cases", "compare", "every", "some", "negated", "sum_over",
              "product_over", "pi", "euler")


class _ArithmeticPrinter(Series, PythonCodePrinter):  # type: ignore[misc]  # SymPy has no types
    """Python code in which every number is exact and every function is looked up in the arithmetic."""

    def __init__(self, functions: Collection[str]) -> None:
        super().__init__({"fully_qualified_modules": False, "inline": True})
        self.functions = functions

    def _print_Rational(self, expr: sp.Rational) -> str:
        return f"ratio({expr.p}, {expr.q})"

    _print_Half = _print_Rational

    def _print_Float(self, expr: sp.Float) -> str:
        return self._print_Rational(sp.Rational(expr))

    def _print_Exp1(self, expr: sp.Expr) -> str:
        return "number(1).exp()"

    def _print_Pi(self, expr: sp.Expr) -> str:
        return "pi()"

    def _print_EulerGamma(self, expr: sp.Expr) -> str:
        return "euler()"

    def _print_Infinity(self, expr: sp.Expr) -> str:
        raise UndecidedError("infinity is no number")

    _print_NegativeInfinity = _print_ComplexInfinity = _print_NaN = _print_Infinity

    def _print_Mul(self, expr: sp.Mul) -> str:
        # One quotient; arguments are numbers of the arithmetic, but integers alone must not meet a division of Python.
        if expr.args[0].is_Integer and expr.args[0].is_negative:
            return f"-{self._print(-expr)}"
        top, bottom = (self._factors(sp.Mul.make_args(side)) for side in sp.fraction(expr))
        top = top if expr.free_symbols else f"number({top})"
        return top if bottom == "(1)" else f"{top}/({bottom})"

    def _factors(self, factors: Sequence[sp.Expr]) -> str:
        roots = [factor.base for factor in factors if factor.is_Pow and factor.exp == sp.S.Half]
        if len(roots) < 2:
            return "*".join(f"({self._print(part)})" for part in factors)
        others = [f"({self._print(part)})" for part in factors if not (part.is_Pow and part.exp == sp.S.Half)]
        return "*".join([*others, f"roots([{', '.join(map(self._print, roots))}])"])

    def _print_Pow(self, expr: sp.Pow, rational: bool = False) -> str:
        base, exponent = expr.base, expr.exp
        if exponent == sp.S.Half:
            return f"root({self._print(base)})"
        if exponent == -sp.S.Half:
            return f"1/root({self._print(base)})"
        if exponent.is_Integer:
            name = "" if base.free_symbols else "number"
            return f"{name}({self._print(base)})**({exponent})"
        return f"power({self._print(base)}, {self._print(exponent)})"

    def _print_Piecewise(self, expr: sp.Piecewise) -> str:
        cases = ", ".join(f"(lambda: {self._print(condition)}, lambda: {self._print(value)})"
                          for value, condition in expr.args)
        return f"cases({cases})"

    def _print_Relational(self, expr: sp.core.relational.Relational) -> str:
        return f"compare({type(expr).__name__!r}, {self._print(expr.lhs)}, {self._print(expr.rhs)})"

    def _print_BooleanTrue(self, expr: sp.Basic) -> str:
        return "True"

    def _print_BooleanFalse(self, expr: sp.Basic) -> str:
        return "False"

    def _print_And(self, expr: sp.And) -> str:
        return f"every([{', '.join(map(self._print, expr.args))}])"

    def _print_Or(self, expr: sp.Or) -> str:
        return f"some([{', '.join(map(self._print, expr.args))}])"

    def _print_Not(self, expr: sp.Not) -> str:
        return f"negated({self._print(expr.args[0])})"

    def _print_Function(self, expr: sp.Function) -> str:
        name = type(expr).__name__
        if name not in self.functions:
            raise UndecidedError(f"the function {name} is unknown to this arithmetic")
        return f"{name}({', '.join(map(self._print, expr.args))})"

    def _print_NumberSymbol(self, expr: sp.NumberSymbol, *_: Any) -> str:
        raise UndecidedError(f"the number {expr} is unknown to this arithmetic")


def _named(printer: _ArithmeticPrinter, expr: sp.Function) -> str:
    return printer._print_Function(expr)


# The parent knows some functions in doubles, which would be no enclosures.
for _name in [name for name in dir(_ArithmeticPrinter) if name not in {"_print_Function", *vars(_ArithmeticPrinter)}
              and isinstance(getattr(sp, name.removeprefix("_print_"), None), sp.FunctionClass)]:
    setattr(_ArithmeticPrinter, _name, _named)


def function_over(expressions: tuple[sp.Expr, ...], symbols: tuple[sp.Symbol, ...],
                  operations: Mapping[str, Any], functions: Mapping[str, Any]) -> Callable[..., Sequence[Any]]:
    """A function of the symbols' values, in the arithmetic that ``operations`` and ``functions`` define.

    Parameters
    ----------
    expressions : tuple of sympy.Expr
        What to compute; common subexpressions are computed once.
    symbols : tuple of sympy.Symbol
        The arguments.
    operations : mapping
        What the names in `OPERATIONS` mean.
    functions : mapping
        Functions by the names of their SymPy classes.

    Raises
    ------
    UndecidedError
        If a function or a constant is missing, or a free symbol is not among the arguments.
    """
    unknown = set().union(*(expression.free_symbols for expression in expressions)) - set(symbols)
    if unknown:
        raise UndecidedError(f"no value for {', '.join(sorted(map(str, unknown)))}")
    printer = _ArithmeticPrinter(functions)
    function = printed_function(expressions, symbols, printer, {**functions, **operations})
    if printer.module_imports:
        raise UndecidedError(f"a function in {expressions} is unknown to this arithmetic")
    return function
