"""The LaTeX printer: fixed examples, and a round trip through a small reader for whatever hypothesis comes up with."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from stlbounds.errors import SymbolError
from stlbounds.growth import growth_sum
from stlbounds.proof.quantities import (
    D,
    Distance,
    Dmix,
    Influence,
    InfluenceSquares,
    LossConstant,
    RangeSquares,
    Sensitivity,
    Stability,
    Str,
)
from stlbounds.render.arrange import summed
from stlbounds.render.printer import inline, latex, latex_sum
from stlbounds.sequences import listed
from stlbounds.special import geometric_sum
from stlbounds.symbols import G, J, K, M, N, Phi, alpha, b, beta, c, delta, e, h_bar, i, kappa, lam, n, r, rho

LOG = sp.log(2 / delta)
HALF = sp.Rational(1, 2)

EXAMPLES = [
    (sp.sqrt(LOG / (2 * N)), r"\sqrt{\frac{\log(2/\delta)}{2N}}"),
    (Phi * (2 * b + M) * sp.sqrt(LOG / (2 * n)), r"\Phi\,(2b + M)\sqrt{\frac{\log(2/\delta)}{2n}}"),
    (Phi * (2 * b + M) / (2 * sp.sqrt(n)), r"\frac{\Phi\,(2b + M)}{2\sqrt{n}}"),
    (1 - alpha, r"1 - \alpha"),
    (alpha - 1, r"\alpha - 1"),
    (K - 1, "K - 1"),
    (i + 1, "i + 1"),
    (1 + h_bar, r"1 + \bar{h}"),
    (n * alpha, r"\alpha n"),
    ((1 - alpha) * n, r"(1 - \alpha)n"),
    (-n * (alpha - 1), r"(1 - \alpha)n"),
    (M - n * (alpha - 1), r"(1 - \alpha)n + M"),
    (kappa * (1 - alpha), r"\kappa(1 - \alpha)"),
    (kappa * (1 - alpha) ** 2, r"\kappa(1 - \alpha)^{2}"),
    (HALF, r"\frac{1}{2}"),
    (n / 2, r"\frac{n}{2}"),
    (HALF * sp.sqrt((K - 1) / n), r"\frac12\sqrt{\frac{K - 1}{n}}"),
    ((1 - alpha) / 2, r"\frac{1 - \alpha}{2}"),
    (sp.sqrt(2) / 2, r"\frac{1}{\sqrt{2}}"),
    (sp.sqrt(6) / 3, r"\sqrt{\frac{2}{3}}"),
    (sp.sqrt(2) * b / 3, r"\frac13 b\sqrt{2}"),
    (c * n**-r, "c n^{-r}"),
    (rho ** (i - 1) * kappa / n, r"\frac{\kappa \rho^{i-1}}{n}"),
    (geometric_sum(rho, i + 1), r"\frac{1 - \rho^{i+1}}{1 - \rho}"),
    (geometric_sum(rho**2, i + 1), r"\frac{1 - \rho^{2(i+1)}}{1 - \rho^{2}}"),
    (geometric_sum(1 - alpha, i), r"\frac{1 - (1 - \alpha)^{i}}{\alpha}"),
    (geometric_sum(kappa * (1 - alpha), i),
     r"\frac{1 - \bigl(\kappa(1 - \alpha)\bigr)^{i}}{1 - \kappa(1 - \alpha)}"),
    (geometric_sum(rho, i) ** 2, r"\left(\frac{1 - \rho^{i}}{1 - \rho}\right)^{2}"),
    (geometric_sum(HALF, i), r"2(1 - 2^{-i})"),
    (M + geometric_sum(HALF, i), r"2(1 - 2^{-i}) + M"),
    (c * geometric_sum(HALF, i) / 2, r"c(1 - 2^{-i})"),
    (geometric_sum(sp.Integer(3), i), r"\frac{3^{i} - 1}{2}"),
    (c * geometric_sum(sp.Rational(2, 3), i), r"3c\,\bigl(1 - (2/3)^{i}\bigr)"),
    (c / (1 + lam) * geometric_sum(lam / (1 + lam), i),
     r"c\left(1 - \left(\frac{\lambda}{1 + \lambda}\right)^{i}\right)"),
    (geometric_sum(kappa * lam / (1 + lam), i),
     r"\frac{1 - \bigl(\kappa \lambda/(1 + \lambda)\bigr)^{i}}{1 - \kappa \lambda/(1 + \lambda)}"),
    (M * (1 - alpha) * e * geometric_sum(1 - alpha, i), r"M(1 - \alpha)e\,\frac{1 - (1 - \alpha)^{i}}{\alpha}"),
    (kappa / n * geometric_sum(rho, i), r"\frac{\kappa}{n}\,\frac{1 - \rho^{i}}{1 - \rho}"),
    ((2 - 1 / n) / n * (1 + h_bar), r"\frac{(2 - 1/n)(1 + \bar{h})}{n}"),
    (LOG**2, r"\log^{2}(2/\delta)"),
    (sp.Max(M, c), r"\max\{M, c\}"),
    (sp.Sum(alpha * rho ** (i - G), (G, 1, i)), r"\sum_{g=1}^{i} \alpha \rho^{i-g}"),
    (sp.exp(-n * delta), r"\exp(-\delta n)"),
    (n**HALF * n, "n^{3/2}"),
    (-alpha * n, r"-\alpha n"),
    (e + (1 - alpha) * Distance(D(0), Dmix(J)), r"e + (1 - \alpha)\,\mathbb{E}\,W(D_{0}, \bar{D}_{j})"),
    (Sensitivity(n) / n * Influence(Str("any"), G, G + J),
     r"\frac{\kappa_{n}(G)}{n}\,x^{\mathrm{any}}_{g \to g+j}"),
    ((2 * Stability(n) + LossConstant() / n) ** 2 * InfluenceSquares(i),
     r"\left(2\beta_{n}(A) + \frac{\mathrm{Lip}(\ell)}{n}\right)^{2}\,{\textstyle\sum_X x_X^2(i)}"),
    (sp.sqrt(LOG / 2 * RangeSquares(i)), r"\sqrt{\frac{\log(2/\delta)}{2}\,{\textstyle\sum_X c_X^2(i)}}"),
    (Influence(Str("any"), 0, i) ** 2, r"\bigl(x^{\mathrm{any}}_{0 \to i}\bigr)^{2}"),
]


@pytest.mark.parametrize(("expression", "expected"), EXAMPLES, ids=[text for _, text in EXAMPLES])
def test_reads_like_a_paper(expression: sp.Expr, expected: str) -> None:
    assert latex(expression) == expected


def test_inline_uses_slashes() -> None:
    assert inline(b / (2 * N)) == "b/(2N)"
    assert inline((K - 1) / n) == "(K - 1)/n"
    assert inline(geometric_sum(rho, i)) == r"(1 - \rho^{i})/(1 - \rho)"


def test_terms_keep_the_order_of_the_caller() -> None:
    terms = [M * (1 - alpha) * e, b / n, sp.S.Zero, -c]
    assert latex_sum(terms) == r"M(1 - \alpha)e + \frac{b}{n} - c"
    assert latex_sum(terms[::-1]) == r"-c + \frac{b}{n} + M(1 - \alpha)e"
    assert latex_sum([]) == "0"


def test_names_replace_symbols_everywhere() -> None:
    assert latex(alpha * n, {"alpha": r"\lambda", n: "m"}) == r"\lambda m"
    assert latex(Stability(n), {n: "m"}) == r"\beta_{m}(A)"
    assert latex(beta + h_bar, {h_bar: "H"}) == r"\beta + H"
    # Words are no mathematics: the n of a class name stays.
    assert latex(Influence(Str("synthetic"), 0, n), {n: "m"}) == r"x^{\mathrm{synthetic}}_{0 \to m}"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(SymbolError, match="zeta"):
        latex(alpha, {"zeta": "z"})
    with pytest.raises(SymbolError, match="other assumptions"):
        latex(sp.Symbol("alpha"))


# --- the round trip ------------------------------------------------------------------------------------


class Reader:
    """Evaluates the LaTeX of the printer: a grammar that has no rule for anything ambiguous."""

    def __init__(self, text: str, values: dict[str, float]) -> None:
        text = re.sub(r"\\(?:left|right|bigl|bigr|textstyle|,)", "", text.replace(r"\bar{h}", r"\hbar "))
        self.text = text
        self.values = values
        self.at = 0

    def peek(self) -> str:
        while self.text[self.at:self.at + 1] == " ":
            self.at += 1
        found = re.compile(r"\\[A-Za-z]+|\\.|\d+|.").match(self.text, self.at)
        return found.group() if found else ""

    def take(self, expected: str | None = None) -> str:
        token = self.peek()
        assert token and expected in (None, token), f"{expected} expected at {self.text[self.at:]!r}"
        self.at += len(token)
        return token

    def whole(self) -> float:
        value = self.sum()
        assert self.peek() == "", f"left over: {self.text[self.at:]!r}"
        return value

    def sum(self) -> float:
        sign = -1.0 if self.peek() == "-" and self.take() else 1.0
        total = sign * self.product()
        while self.peek() in ("+", "-"):
            total += self.product() if self.take() == "+" else -self.product()
        return total

    def product(self) -> float:
        value = self.power()
        while self.peek() and self.peek() not in ("+", "-", ")", "}", r"\}", ","):
            if self.peek() == "/":
                self.take()
                value /= self.power()
                # a/b c could mean two things, so nothing may follow.
                assert self.peek() in ("", "+", "-", ")", "}", r"\}", ","), f"ambiguous: {self.text!r}"
                return value
            if self.peek() == r"\cdot":
                self.take()
            value *= self.power()
        return value

    def group(self) -> float:
        if self.peek() != "{":
            digit = self.peek()[0]
            self.at += 1
            return float(digit)
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def power(self) -> float:
        value = self.atom()
        if self.peek() == "^":
            self.take()
            return float(value ** self.group())
        return value

    def atom(self) -> float:
        token = self.take()
        if token.isdigit():
            return float(token)
        if token == "(":
            value = self.sum()
            self.take(")")
            return value
        if token == r"\frac":
            above = self.group()
            return above / self.group()
        if token == r"\sqrt":
            return math.sqrt(self.group())
        if token in (r"\log", r"\exp"):
            exponent = self.group() if self.peek() == "^" and self.take() else 1.0
            self.take("(")
            argument = self.sum()
            self.take(")")
            return float((math.log if token == r"\log" else math.exp)(argument) ** exponent)
        if token in (r"\max", r"\min"):
            return self.extremum(max if token == r"\max" else min)
        if token == r"\sum":
            return self.series()
        return self.values[token]

    def extremum(self, choose: Any) -> float:
        self.take(r"\{")
        listed = [self.sum()]
        while self.peek() == ",":
            self.take()
            listed.append(self.sum())
        self.take(r"\}")
        return float(choose(listed))

    def series(self) -> float:
        self.take("_")
        self.take("{")
        name = self.take()
        self.take("=")
        first = self.sum()
        self.take("}")
        self.take("^")
        last = self.group()
        total, start = 0.0, self.at
        for value in range(round(first), round(last) + 1):
            self.at, self.values[name] = start, float(value)
            total += self.product()
        return total


VALUES: dict[sp.Symbol, sp.Expr] = {
    n: sp.Integer(7), N: sp.Integer(11), i: sp.Integer(3), K: sp.Integer(5), alpha: sp.Rational(3, 10),
    kappa: sp.Rational(13, 10), b: sp.Rational(17, 10), M: sp.Rational(3, 2), c: sp.Rational(9, 10),
    r: sp.Rational(4, 10), delta: sp.Rational(1, 20), rho: sp.Rational(91, 100), Phi: sp.Rational(21, 10),
    h_bar: sp.Rational(8, 10), e: sp.Rational(1, 5), beta: sp.Rational(1, 9),
}
READ_VALUES = {latex(symbol).replace(r"\bar{h}", r"\hbar"): float(value) for symbol, value in VALUES.items()}

numbers = st.sampled_from([sp.Integer(1), sp.Integer(2), sp.Integer(5), HALF, sp.Rational(2, 3), sp.Rational(7, 12)])
leaves = st.sampled_from([
    *VALUES, LOG, 1 - alpha, K - 1, i + 1, 1 + h_bar, 2 * b + M, 1 / sp.sqrt(n), n**-r, rho**i, rho ** (i - 1),
    geometric_sum(rho, i + 1), geometric_sum(1 - alpha, i), geometric_sum(rho**2, i + 1),
    geometric_sum(kappa * (1 - alpha), i), sp.sqrt(LOG / (2 * n)), sp.sqrt((K - 1) / n), sp.Max(M, c / n),
    sp.exp(-delta * n), sp.Sum(alpha * rho ** (i - G), (G, 1, i)), alpha - 1,
])


def combined(parts: st.SearchStrategy[sp.Expr]) -> st.SearchStrategy[sp.Expr]:
    """Products, quotients, sums, powers and roots of smaller expressions."""
    return st.one_of(
        st.tuples(parts, parts).map(lambda pair: pair[0] * pair[1]),
        st.tuples(parts, parts).map(lambda pair: pair[0] / pair[1]),
        st.tuples(parts, parts).map(lambda pair: pair[0] + pair[1]),
        st.tuples(parts, parts).map(lambda pair: pair[0] - pair[1]),
        st.tuples(numbers, parts).map(lambda pair: pair[0] * pair[1]),
        st.tuples(parts, st.sampled_from([2, -1, -2, 3])).map(lambda pair: pair[0] ** pair[1]),
        parts.map(lambda part: sp.sqrt(part**2 + 1)),
        parts.map(lambda part: sp.sqrt((1 + part**2) / n)),
        parts.map(lambda part: sp.log(2 + part**2)),
    )


@pytest.mark.slow
@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.recursive(leaves, combined, max_leaves=6))
def test_what_is_printed_reads_back_as_the_same_number(expression: sp.Expr) -> None:
    value = complex(expression.doit().subs(VALUES).evalf(30))
    if not math.isfinite(abs(value)) or abs(value) > 1e100 or 0 < abs(value) < 1e-100:
        return
    for text in (latex(expression), inline(expression)):
        read = Reader(text, dict(READ_VALUES)).whole()
        assert read == pytest.approx(value.real, rel=1e-8, abs=1e-8), text


def test_the_reader_refuses_what_could_be_read_in_two_ways() -> None:
    with pytest.raises(AssertionError, match="ambiguous"):
        Reader(r"1/2 n", dict(READ_VALUES)).whole()


# --- sums and products over generations, and what stands beside them ------------------------------------------------

M_ = sp.Symbol("m", integer=True, positive=True)
PROPORTION = listed(i, sp.Rational(1, 2), sp.Rational(2, 5))


@pytest.mark.parametrize(("expression", "printed"), [
    # A factor behind a product would seem to be inside of it.
    (PROPORTION * sp.Product(kappa * M_, (M_, 1, i)), r"\alpha_{i} \prod_{m=1}^{i} \kappa m"),
    (sp.Product(kappa * M_, (M_, 1, i)) * sp.Sum(M_, (M_, 1, n)),
     r"\left(\prod_{m=1}^{i} \kappa m\right)\sum_{m=1}^{n} m"),
    (sp.Product(kappa * M_, (M_, 1, i))**2, r"\left(\prod_{m=1}^{i} \kappa m\right)^{2}"),
    (1 + sp.Sum(1 / M_, (M_, 2, i)), r"1 + \sum_{m=2}^{i} \frac{1}{m}"),
    (n * (PROPORTION - 1), r"-(1 - \alpha_{i})n"),
    # Factors in front of a growth sum at sensitivity 1 cancel.
    (growth_sum(sp.S.One, i, sp.Integer(2)) / (i + 1), r"(i + 1)\sum_{m=1}^{i+1} \frac{1}{m^{2}}"),
    # Terms with fractions of their own keep them, and stand behind a fraction.
    (sp.sqrt(n) / 2 + 3 * b / 16, r"\frac{3b}{16} + \frac12\sqrt{n}"),
    ((sp.sqrt(n) / 2 + 3 * b / 16) / K, r"\frac{1}{K}\left(\frac{3b}{16} + \frac12\sqrt{n}\right)"),
    ((1 - alpha) / 2 * M, r"\frac12 M(1 - \alpha)"),
    ((2 - 1 / n) / n, r"\frac{2 - 1/n}{n}"),
])
def test_sums_and_products(expression: sp.Expr, printed: str) -> None:
    assert latex(expression) == printed


def test_a_distinction_inside_of_a_sum_ends_where_the_sum_does() -> None:
    cases = sp.Piecewise((b / n, sp.Eq(J, 0)), (c / n, True))
    # "e + b/n for j = 0 and c/n for j >= 1" would leave out e in later generations.
    assert inline(e + cases) == r"e + b/n \text{ for } j = 0 \text{ and } e + c/n \text{ for } j \ge 1"
    assert latex(sp.log(2 + cases)) == (r"\begin{cases} \log(2 + b/n) & \text{if } j = 0, \\ "
                                        r"\log(2 + c/n) & \text{if } j \ge 1 \end{cases}")
    assert latex(e + cases).startswith(r"e + \begin{cases}") or latex(e + cases).endswith(r"\end{cases} + e")


@pytest.mark.parametrize("ratio", [HALF, sp.Rational(5, 3), sp.Integer(4), lam / (1 + lam), 2 * lam / (3 + 2 * lam),
                                   1 - 1 / K, 1 - alpha, rho], ids=str)
def test_a_geometric_sum_without_a_quotient_is_the_same_sum(ratio):
    expression = c * geometric_sum(ratio, i + 1) ** 2 + geometric_sum(ratio, i)
    written = summed(expression)
    assert written.has(geometric_sum) == (ratio in (1 - alpha, rho))
    for count in range(4):
        values = {c: 3, i: count, lam: sp.Rational(2, 7), K: 5, alpha: sp.Rational(1, 3), rho: 2}
        assert sp.simplify(written.subs(values) - expression.subs(values)) == 0
