r"""The LaTeX printer: SymPy's, taught to write like an author.

SymPy prints ``sqrt(log(2/delta)/(2*N))`` as ``\frac{\sqrt{2}\sqrt{\log{...}}}{2\sqrt{N}}`` and orders terms as
it pleases. This printer gathers square roots, keeps the order of `stlbounds.render.arrange`, writes small
quotients inside other formulas with a slash, and names symbols by the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter

from stlbounds.proof.quantities import D, Dmix, Quantity
from stlbounds.render.arrange import (
    HALF,
    Product,
    arrange_product,
    is_negative,
    is_recursive,
    is_tall,
    ordered_terms,
    prints_itself,
    shares_fraction,
    stands_alone,
    summed,
)
from stlbounds.render.cases import gathered
from stlbounds.render.pieces import Piece, fence, juxtapose
from stlbounds.render.renaming import Names, normal_names, rename_mathematics
from stlbounds.special import geometric_sum
from stlbounds.symbols import entry, known

__all__ = ["Printer", "inline", "latex", "latex_sum"]

_RESERVED = {"_j": "j", "_g": "g"}


class Printer(LatexPrinter):  # type: ignore[misc]  # SymPy has no types
    """LaTeX of expressions and of the quantities of proofs.

    Parameters
    ----------
    names : mapping, optional
        LaTeX of symbols that an author wants to write in another way.
    """

    def __init__(self, names: Names | None = None) -> None:
        super().__init__()
        self._names = normal_names(names)
        self._inline = False
        self._tight = False

    @contextmanager
    def _mode(self, *, inline: bool = True, tight: bool | None = None) -> Iterator[None]:
        """Print with slashes for quotients (`inline`), and without spaces around signs (`tight`)."""
        before = self._inline, self._tight
        self._inline = inline
        self._tight = before[1] if tight is None else tight
        try:
            yield
        finally:
            self._inline, self._tight = before

    def doprint(self, expr: sp.Expr) -> str:
        """The expression as a displayed formula."""
        return str(super().doprint(summed(expr)))

    def inline(self, expr: sp.Expr) -> str:
        """The expression with quotients written ``a/b``."""
        with self._mode():
            return str(self._print(summed(expr)))

    def script(self, expr: sp.Expr) -> str:
        """The expression as an exponent or a subscript."""
        with self._mode(tight=True):
            return str(self._print(expr))

    def _print(self, expr: Any, **kwargs: Any) -> str:
        if isinstance(expr, geometric_sum):
            return self._geometric_sum(expr)
        if isinstance(expr, (Quantity, D, Dmix)):
            return self._quantity(expr)
        # In a displayed sum, the braces of its terms say where each distinction ends; on one line nothing does.
        if isinstance(expr, sp.Expr) and (self._inline or not expr.is_Add):
            expr = gathered(expr)
        return str(super()._print(expr, **kwargs))

    def _quantity(self, expr: Any, exponent: str | None = None) -> str:
        # The template and its arguments are renamed together, so that both agree with the prose.
        names, self._names = self._names, {}
        try:
            with self._mode(tight=True):
                text = rename_mathematics(str(expr._latex(self)), names)
        finally:
            self._names = names
        if text.startswith(r"\textstyle"):
            text = f"{{{text}}}"  # or it would change everything that follows it
        return text if exponent is None else rf"\bigl({text}\bigr)^{{{exponent}}}"

    # --- atoms -----------------------------------------------------------------------------------

    def _print_Symbol(self, expr: sp.Symbol, style: str = "plain") -> str:
        if expr in self._names:
            return self._names[expr]
        if expr.name in _RESERVED:
            return _RESERVED[expr.name]
        if not expr.is_Dummy and expr.name in known():
            return entry(expr).latex
        return str(super()._print_Symbol(expr))

    def _print_Dummy(self, expr: sp.Dummy) -> str:
        return str(self._print_Symbol(expr))

    def _print_Rational(self, expr: sp.Rational) -> str:
        if expr.q == 1:
            return str(expr.p)
        sign, top = ("-" if expr.p < 0 else ""), abs(expr.p)
        return f"{sign}{top}/{expr.q}" if self._inline else rf"{sign}\frac{{{top}}}{{{expr.q}}}"

    # --- sums ------------------------------------------------------------------------------------

    def terms(self, terms: Sequence[sp.Expr]) -> list[str]:
        """Each term with its sign, except a plus in front of the first, in the given order."""
        plus, minus = ("+", "-") if self._tight else (" + ", " - ")
        printed = []
        for position, term in enumerate(map(summed, terms)):
            negative = is_negative(term)
            body = str(self._print(-term if negative else term))
            lead = "" if position == 0 else plus
            printed.append((minus if position else "-") + body if negative else lead + body)
        return printed

    def _print_Add(self, expr: sp.Expr, order: str | None = None) -> str:
        if shares_fraction(expr):
            return self._print_Mul(expr)
        return "".join(self.terms(ordered_terms(expr)))

    def _print_Sum(self, expr: sp.Sum | sp.Product) -> str:
        text, sign = "", "prod" if isinstance(expr, sp.Product) else "sum"
        for variable, first, last in reversed(expr.limits):
            low, high = self.script(first), self.script(last)
            text += rf"\{sign}_{{{self.script(variable)}={low}}}^{{{high}}} "
        return text + self._factor(expr.function)

    _print_Product = _print_Sum

    # --- products --------------------------------------------------------------------------------

    def _factor(self, expr: sp.Expr, last: bool = True) -> str:
        """A factor of a product, in parentheses where it needs them."""
        body = str(self._print(expr))
        open_ended = isinstance(expr, (sp.Sum, sp.Product)) or prints_itself(expr)
        wraps = expr.is_Add or is_negative(expr) or (open_ended and not last)
        quotient = isinstance(expr, geometric_sum) or (expr.is_Rational and not expr.is_Integer)
        if self._inline and (quotient or open_ended):
            wraps = True
        if wraps:
            return fence(body)
        wide = isinstance(expr, Quantity) or (expr.is_Pow and isinstance(expr.base, Quantity))
        return Piece(body) if wide else body

    def _factors(self, factors: Sequence[sp.Expr]) -> list[str]:
        last = len(factors) - 1
        return [self._factor(factor, position == last) for position, factor in enumerate(factors)]

    def _print_Piecewise(self, expr: sp.Piecewise) -> str:
        (start, first), *rest = expr.args
        if len(rest) != 1 or not isinstance(first, sp.Eq) or first.rhs != 0 or rest[0][1] != sp.true:
            return str(super()._print_Piecewise(expr))
        def same(part: sp.Basic) -> bool:
            return isinstance(part, sp.Piecewise) and part.args[0][1] == first

        # A distinction inside a distinction has been decided already.
        start = start.replace(same, lambda part: part.args[0][0])
        value, index = rest[0][0].replace(same, lambda part: part.args[-1][0]), self._print(first.lhs)
        if self._inline:
            return (rf"{self._print(start)} \text{{ for }} {index} = 0 \text{{ and }} "
                    rf"{self._print(value)} \text{{ for }} {index} \ge 1")
        with self._mode(inline=False):
            rows = [rf"{self._print(start)} & \text{{if }} {index} = 0,", rf"{self._print(value)} & \text{{if }} "
                    rf"{index} \ge 1"]
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"

    def _print_Mul(self, expr: sp.Expr) -> str:
        parts = arrange_product(expr)
        body = self._slashed(parts) if self._inline else self._stacked(parts)
        return f"-{body}" if parts.negative else body

    def _root(self, above: Sequence[sp.Expr], below: Sequence[sp.Expr]) -> str:
        """The gathered square root of a quotient of products."""
        rational = [factor for factor in above if factor.is_Rational], [f for f in below if f.is_Rational]
        number = sp.Mul(*rational[0]) / sp.Mul(*rational[1])
        inside = Product(False, number, tuple(f for f in above if not f.is_Rational),
                         tuple(f for f in below if not f.is_Rational), (), (), ())
        return rf"\sqrt{{{self._slashed(inside) if self._inline else self._stacked(inside, in_front=False)}}}"

    def _roots(self, parts: Product) -> tuple[list[str], list[str]]:
        """Printed square roots for the numerator and for the denominator."""
        own = [self._root([radicand], []) for radicand in parts.own_roots]
        if parts.root_numerator:
            return [*own, self._root(parts.root_numerator, parts.root_denominator)], []
        return own, ([self._root(parts.root_denominator, [])] if parts.root_denominator else [])

    def _product(self, number: int, factors: Sequence[sp.Expr], more: Sequence[str] = ()) -> str:
        """A product on its own: between braces, or as a term; a single sum there needs no parentheses."""
        if number == 1 and len(factors) == 1 and not more:
            return str(self._print(factors[0]))
        printed = [*([str(number)] if number != 1 else []), *self._factors(factors), *more]
        return juxtapose(printed or ["1"])

    def _slashed(self, parts: Product) -> str:
        """A product on one line, ``a/b``."""
        roots, roots_below = self._roots(parts)
        number = parts.coefficient
        below = [*([str(number.q)] if number.q != 1 else []), *self._factors(parts.denominator), *roots_below]
        if not below:
            return self._product(number.p, parts.numerator, roots)
        above = [*([str(number.p)] if number.p != 1 else []), *self._factors(parts.numerator), *roots]
        bottom = juxtapose(below)
        return f"{juxtapose(above or ['1'])}/{fence(bottom) if len(below) > 1 else bottom}"

    def _stacked(self, parts: Product, in_front: bool = True) -> str:
        """A product in display: one fraction, then what is too tall for it, then the root.

        Where a rational number is the only reason for a fraction it may stand `in_front`, as one half does.
        """
        number = parts.coefficient
        roots, _ = self._roots(parts)
        with self._mode():
            _, roots_below = self._roots(parts)
        short = [factor for factor in parts.numerator if not stands_alone(factor)]
        fits = len(short) == 1 and (not roots or short[0].is_Add)
        if not parts.denominator and not roots_below and (number.q == 1 or (in_front and not fits)):
            if number.q == 1:
                return self._product(number.p, parts.numerator, roots)
            return juxtapose([self._coefficient(number), *self._factors(parts.numerator), *roots])
        behind = self._factors([factor for factor in parts.numerator if stands_alone(factor)])
        with self._mode():
            above = self._product(number.p, short)
            below = self._product(number.q, parts.denominator, roots_below)
        return juxtapose([rf"\frac{{{above}}}{{{below}}}", *behind, *roots])

    @staticmethod
    def _coefficient(number: sp.Rational) -> str:
        """A rational number in front of a product."""
        if number.q == 1:
            return str(number.p)
        if number.p < 10 and number.q < 10:
            return rf"\frac{number.p}{number.q}"
        return rf"\frac{{{number.p}}}{{{number.q}}}"

    # --- powers and functions --------------------------------------------------------------------

    def _print_Pow(self, expr: sp.Expr) -> str:
        base, exponent = expr.args
        if exponent in (HALF, -HALF) or (exponent.is_Rational and exponent.is_negative):
            return str(self._print_Mul(expr))
        return self._power(base, exponent)

    def _power(self, base: sp.Expr, exponent: sp.Expr) -> str:
        if base.is_Pow and base.exp.is_Rational and not base.exp.is_negative and base.exp not in (HALF,):
            base, exponent = base.base, base.exp * exponent
        if base.is_Rational and base.p == 1 and base.q > 1 and not exponent.is_Rational:
            base, exponent = sp.Integer(base.q), -exponent
        return self._raised(base, self.script(exponent))

    def _raised(self, base: sp.Expr, script: str) -> str:
        """``base^{script}``, with parentheses where the base needs them."""
        if isinstance(base, Quantity):
            return self._quantity(base, script)
        if isinstance(base, sp.log):
            return rf"\log^{{{script}}}{self._argument(base.args[0])}"
        if base.is_Symbol or base.is_NumberSymbol or is_recursive(base):
            return rf"{self._print(base)}^{{{script}}}"
        if base.is_Integer and base.is_nonnegative:
            return rf"{base.p}^{{{script}}}"
        if base.is_Rational:
            return rf"{fence(self.inline(base))}^{{{script}}}"
        return rf"{fence(str(self._print(base)))}^{{{script}}}"

    def _geometric_sum(self, expr: sp.Expr) -> str:
        ratio, count = expr.args
        base, exponent = ratio.as_base_exp()
        on_one_line = self._inline
        with self._mode():
            top, bottom = f"1 - {self._power(ratio, count)}", sp.S.One - ratio
            if ratio.is_Pow and exponent.is_Integer and exponent > 1 and count.is_Add:
                # SymPy would multiply 2 (i + 1) out.
                script = f"{exponent}({self.script(count)})"
                top = f"1 - {self._raised(base, script)}"
            if on_one_line:
                return f"({top})/{self._factor(bottom)}"
            return rf"\frac{{{top}}}{{{self._print(bottom)}}}"

    def _argument(self, argument: sp.Expr) -> str:
        if is_tall(argument):
            return fence(str(self._print(argument)))
        return fence(self.inline(argument))

    def _of(self, name: str, expr: sp.Expr, exp: str | None) -> str:
        return rf"\{name}{'' if exp is None else f'^{{{exp}}}'}{self._argument(expr.args[0])}"

    def _print_log(self, expr: sp.Expr, exp: str | None = None) -> str:
        return self._of("log", expr, exp)

    def _print_ExpBase(self, expr: sp.Expr, exp: str | None = None) -> str:
        return self._of("exp", expr, exp)

    def _print_tanh(self, expr: sp.Expr, exp: str | None = None) -> str:
        return self._of("tanh", expr, exp)

    def _print_Abs(self, expr: sp.Expr, exp: str | None = None) -> str:
        body = rf"\left|{self._print(expr.args[0])}\right|"
        return body if exp is None else f"{body}^{{{exp}}}"

    def _extremum(self, name: str, expr: sp.Expr, exp: str | None) -> str:
        arguments = sorted(expr.args, key=str)
        inner = ", ".join(str(self._print(argument)) for argument in arguments)
        body = rf"\left\{{{inner}\right\}}" if r"\frac" in inner else rf"\{{{inner}\}}"
        return rf"\{name}{body}" if exp is None else rf"\left(\{name}{body}\right)^{{{exp}}}"

    def _print_Max(self, expr: sp.Expr, exp: str | None = None) -> str:
        return self._extremum("max", expr, exp)

    def _print_Min(self, expr: sp.Expr, exp: str | None = None) -> str:
        return self._extremum("min", expr, exp)


def latex(expr: sp.Basic, names: Names | None = None) -> str:
    r"""LaTeX of an expression, in the order and with the roots that an author would choose.

    Parameters
    ----------
    expr : sympy.Basic
        A scalar expression, or one with quantities of a proof.
    names : mapping, optional
        From symbols (or their names) to LaTeX that replaces the vocabulary's.

    Returns
    -------
    str
        Mathematics without delimiters.

    Examples
    --------
    >>> from stlbounds.symbols import M, Phi, alpha, b, delta, i, n, rho
    >>> print(latex(Phi * (2 * b + M) * sp.sqrt(sp.log(2 / delta) / (2 * n))))
    \Phi\,(2b + M)\sqrt{\frac{\log(2/\delta)}{2n}}
    >>> print(latex(geometric_sum(1 - alpha, i)))
    \frac{1 - (1 - \alpha)^{i}}{\alpha}
    >>> print(latex(1 - alpha, names={"alpha": r"\lambda"}))
    1 - \lambda
    """
    return str(Printer(names).doprint(expr))


def inline(expr: sp.Basic, names: Names | None = None) -> str:
    r"""LaTeX of an expression for running text: quotients are written with a slash.

    Parameters are those of `latex`.

    Examples
    --------
    >>> from stlbounds.symbols import N, b
    >>> print(inline(b / (2 * N)))
    b/(2N)
    """
    return Printer(names).inline(expr)


def latex_sum(terms: Sequence[sp.Expr], names: Names | None = None) -> str:
    r"""LaTeX of a sum whose terms stay in the given order.

    Parameters
    ----------
    terms : sequence of sympy.Expr
        For example drift, bias and concentration; zeros are left out.
    names : mapping, optional
        As for `latex`.

    Returns
    -------
    str

    Examples
    --------
    >>> from stlbounds.symbols import M, b, n
    >>> print(latex_sum([M, b / n]))
    M + \frac{b}{n}
    """
    kept = [term for term in terms if term != 0] or [sp.S.Zero]
    return "".join(Printer(names).terms(kept))
