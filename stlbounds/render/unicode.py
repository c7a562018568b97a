"""The plain-text printer: expressions on one line, in Unicode, arranged as on paper."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy.printing.str import StrPrinter

from stlbounds.growth import growth, growth_sum
from stlbounds.render.arrange import HALF, arrange_product, is_negative, is_tall, ordered_terms, summed
from stlbounds.render.printer import Printer
from stlbounds.special import geometric_sum
from stlbounds.symbols import entry, known

__all__ = ["UnicodePrinter", "plain", "plain_latex"]

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_FRACTIONS = {(1, 2): "½", (1, 3): "⅓", (1, 4): "¼", (3, 4): "¾"}
_COMMANDS = {
    r"\le": "≤", r"\ge": "≥", r"\ne": "≠", r"\in": "∈", r"\to": "→", r"\sum": "∑", r"\ell": "ℓ", r"\dots": "…",
    r"\infty": "∞", r"\cdot": "·", r"\sim": "~", r"\mid": "|", r"\log": "log", r"\max": "max", r"\ast": "*",
    r"\,": " ", r"\;": " ", r"\ ": " ", r"\quad": "  ", r"\qquad": "    ", r"\{": "{", r"\}": "}", r"\%": "%",
    r"\_": "_", r"\&": "&", r"\#": "#", r"\bigl": "", r"\bigr": "", r"\left": "", r"\right": "", r"\textstyle": "",
    r"\varepsilon": "ε", r"\varphi": "φ", r"\lceil": "⌈", r"\rceil": "⌉",
}
_ACCENTS = {"bar": "\u0304", "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303"}


def _greek(command: str) -> str | None:
    """``α`` for the command of that letter."""
    name = command[1:]
    size = "CAPITAL" if name[:1].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}")
    except KeyError:
        return None


def plain_latex(text: str) -> str:
    r"""A LaTeX sentence or formula as plain text, as well as one line can show it.

    Parameters
    ----------
    text : str
        LaTeX as stlbounds writes it.

    Returns
    -------
    str

    Examples
    --------
    >>> plain_latex(r"for $\alpha \le 1$, $\bar{D}_j$ and $D_{j+1}$")
    'for α ≤ 1, D̄_j and D_{j+1}'
    """
    text = re.sub(r"\\(bar|hat|widehat|tilde)\s*\{(\w)\}", lambda m: m.group(2) + _ACCENTS[m.group(1)], text)
    text = re.sub(r"\\(?:mathrm|text|emph|mathbb|mathbf|operatorname|textbf)\s*\{([^{}]*)\}", r"\1", text)
    text = text.replace(r"^\top", "ᵀ")
    text = re.sub(r"~?\\cite\{[^{}]*\}", "", text)
    text = re.sub(r"\\frac(\d)(\d)", lambda m: _FRACTIONS.get((int(m[1]), int(m[2])), f"{m[1]}/{m[2]}"), text)
    text = re.sub(r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"(\1)/(\2)", text)
    text = re.sub(r"\\sqrt\s*\{([^{}]*)\}", r"√(\1)", text)
    text = re.sub(r"\\[A-Za-z]+|\\.", lambda m: _COMMANDS.get(m[0], _greek(m[0]) or m[0][1:]), text)
    text = re.sub(r"([_^])\{(\w)\}|(_)\{([A-Za-z]{2,})\}(?!\w)", r"\1\2\3\4", text).replace("log_2 ", "log₂ ")
    text = text.replace("⌈ ", "⌈").replace(" ⌉", "⌉").replace("₂ (", "₂(")
    text = text.replace("$", "").replace("~", " ").replace("---", "—").replace("--", "–")
    return re.sub(r"[ \n]+", " ", text).strip()


class UnicodePrinter(StrPrinter):  # type: ignore[misc]  # SymPy has no types
    """Prints an expression of a bound on one line.

    Parameters
    ----------
    written : mapping, optional
        Text of symbols that the vocabulary does not know.
    """

    def __init__(self, written: dict[sp.Symbol, str] | None = None) -> None:
        super().__init__()
        self._written = written or {}

    def _print(self, expr: Any, **kwargs: Any) -> str:
        if isinstance(expr, geometric_sum):
            return self._geometric_sum(expr)
        return str(super()._print(expr, **kwargs))

    def _print_Symbol(self, expr: sp.Symbol) -> str:
        if expr in self._written:
            return self._written[expr]
        return plain_latex(entry(expr).latex) if not expr.is_Dummy and expr.name in known() else str(expr.name)

    def _print_Pi(self, expr: sp.Expr) -> str:
        return "π"

    def _print_Rational(self, expr: sp.Rational) -> str:
        whole = f"{abs(expr.p)}/{expr.q}" if expr.q != 1 else str(abs(expr.p))
        return ("-" if expr.p < 0 else "") + _FRACTIONS.get((abs(expr.p), expr.q), whole)

    def _print_Add(self, expr: sp.Expr, order: str | None = None) -> str:
        text = ""
        for position, term in enumerate(ordered_terms(expr)):
            negative = is_negative(term)
            sign = ("-" if negative else "") if position == 0 else (" - " if negative else " + ")
            text += sign + str(self._print(-term if negative else term))
        return text

    def _factor(self, expr: sp.Expr) -> str:
        body = str(self._print(expr))
        loose = expr.is_Add or isinstance(expr, (sp.Sum, sp.Product, growth, growth_sum)) or is_negative(expr)
        return f"({body})" if loose else body

    def _root(self, above: Sequence[sp.Expr], below: Sequence[sp.Expr] = ()) -> str:
        if len(above) == 1 and not below and (above[0].is_Symbol or above[0].is_Integer):
            return f"√{self._print(above[0])}"
        top = str(self._print(above[0])) if len(above) == 1 and not below else " ".join(map(self._factor, above))
        return f"√({self._over(top or '1', [self._factor(factor) for factor in below])})"

    @staticmethod
    def _over(top: str, below: Sequence[str]) -> str:
        """``a/b``, the denominator in parentheses where it needs them."""
        if not below:
            return top
        return f"{top}/({' '.join(below)})" if len(below) > 1 else f"{top}/{below[0]}"

    def _print_Mul(self, expr: sp.Expr) -> str:
        parts = arrange_product(expr)
        number = parts.coefficient
        short = [self._factor(factor) for factor in parts.numerator if not is_tall(factor)]
        behind = [self._factor(factor) for factor in parts.numerator if is_tall(factor)]
        behind += [self._root([radicand]) for radicand in parts.own_roots]
        below = [self._factor(factor) for factor in parts.denominator]
        if parts.root_numerator:
            behind.append(self._root(parts.root_numerator, parts.root_denominator))
        elif parts.root_denominator:
            below.append(self._root(parts.root_denominator))
        if below:
            above = [*([str(number.p)] if number.p != 1 else []), *short]
            quotient = self._over(" ".join(above) or "1", [*([str(number.q)] if number.q != 1 else []), *below])
            printed = [quotient, *behind]
        elif number == 1 and len(parts.numerator) == 1 and not parts.own_roots and not parts.root_numerator:
            printed = [str(self._print(parts.numerator[0]))]
        else:
            printed = [*([str(self._print(number))] if number != 1 else []), *short, *behind]
        return ("-" if parts.negative else "") + " ".join(printed or ["1"])

    def _print_Pow(self, expr: sp.Expr, rational: bool = False) -> str:
        base, exponent = expr.args
        if exponent == HALF:
            return self._root([base])
        if exponent.is_Rational and exponent.is_negative:
            return self._print_Mul(expr)
        body = self._base(base)
        if exponent.is_Integer:
            return body + str(exponent).translate(_SUPERSCRIPTS)
        raised = str(self._print(exponent))
        return f"{body}^{raised}" if exponent.is_Symbol else f"{body}^({raised})"

    def _base(self, base: sp.Expr) -> str:
        body = str(self._print(base))
        plain_function = base.is_Function and not isinstance(base, geometric_sum)
        return body if base.is_Symbol or base.is_NumberSymbol or base.is_Integer or plain_function else f"({body})"

    def _geometric_sum(self, expr: sp.Expr) -> str:
        ratio, count = expr.args
        return f"(1 - {self._print(ratio ** count)})/{self._factor(1 - ratio)}"

    def _print_Piecewise(self, expr: sp.Piecewise) -> str:
        (start, condition), *rest = expr.args
        index = self._print(condition.lhs) if isinstance(condition, sp.Eq) else str(condition)
        return f"{{{self._print(start)} for {index} = 0, {self._print(rest[-1][0])} for {index} ≥ 1}}"

    def _print_log(self, expr: sp.Expr) -> str:
        return f"log({self._print(expr.args[0])})"

    def _print_Max(self, expr: sp.Expr) -> str:
        return f"max({', '.join(str(self._print(argument)) for argument in sorted(expr.args, key=str))})"

    def _print_Min(self, expr: sp.Expr) -> str:
        return f"min({', '.join(str(self._print(argument)) for argument in sorted(expr.args, key=str))})"

    def _print_Sum(self, expr: sp.Sum) -> str:
        return self._over_index("∑", expr)

    def _print_Product(self, expr: sp.Product) -> str:
        return self._over_index("∏", expr)

    def _over_index(self, sign: str, expr: sp.Sum | sp.Product) -> str:
        variable, first, last = expr.limits[0]
        limits = f"{sign}_{{{self._print(variable)}={self._print(first)}}}^{{{self._print(last)}}}"
        return f"{limits} {self._factor(expr.function)}"

    def _print_growth(self, expr: sp.Expr) -> str:
        return self._print_Product(expr.rewrite(sp.Product))

    def _print_growth_sum(self, expr: sp.Expr) -> str:
        return str(self._print(expr.rewrite(sp.Sum)))

    def _print_Function(self, expr: sp.Expr) -> str:
        # What the library writes by a letter of its own in LaTeX is written so here.
        return plain_latex(Printer().inline(expr)) if hasattr(expr, "_latex") else str(super()._print_Function(expr))


def plain(expr: sp.Expr) -> str:
    """An expression on one line of Unicode.

    Parameters
    ----------
    expr : sympy.Expr

    Returns
    -------
    str

    Examples
    --------
    >>> from stlbounds.symbols import M, Phi, b, delta, n
    >>> print(plain(Phi * (2 * b + M) * sp.sqrt(sp.log(2 / delta) / (2 * n))))
    Φ (2 b + M) √(log(2/δ)/(2 n))
    """
    return str(UnicodePrinter().doprint(summed(expr)))
