"""What was printed, read again, has the same value: LaTeX by a reader of its own, text by the library's parser."""

from __future__ import annotations

import random
from functools import cache

import mpmath as mp
import pytest
import sympy as sp
from render.latex_reader import Reader
from render.statement_reader import Statement
from render.test_render_preambles import settings

from stlbounds.bound import Bound
from stlbounds.entries import THEOREMS
from stlbounds.errors import AssumptionError, UndecidedError
from stlbounds.parsing import parse_expression
from stlbounds.render.cases import later
from stlbounds.render.printer import inline, latex
from stlbounds.symbols import entry, i

DIGITS = 30
NEAR = mp.mpf(10) ** -20
#: Bounds are derived for each theorem anew, which takes a few seconds.
TEXTS = [pytest.param(name, marks=pytest.mark.slow) for name in THEOREMS]


@cache
def bounds(name: str) -> dict[str, Bound]:
    found = {}
    for title, setting in settings():
        if title.startswith("learner") and name != "high-probability":
            continue
        try:
            found[title] = Bound(setting, name)
        except (AssumptionError, UndecidedError):
            continue
    return found


def point(symbols: set[sp.Symbol], chance: random.Random) -> dict[sp.Symbol, sp.Rational]:
    """Values inside of the ranges; small integers, and no ratio of a geometric sum at 1."""
    values = {}
    for symbol in sorted(symbols, key=str):
        allowed = entry(symbol).range
        low = allowed.low if allowed.low.is_finite else sp.S.Zero
        if allowed.integer:
            values[symbol] = sp.Integer(max(int(low), 2) + chance.randrange(4))
        else:
            high = allowed.high if allowed.high.is_finite else low + 2
            values[symbol] = low + (high - low) * sp.Rational(chance.randrange(101, 898), 1009)
    return values


def exactly(expression: sp.Expr, values: dict[sp.Symbol, sp.Rational]) -> mp.mpf:
    # Fractions would be kept in roots of exponentials of fractions, which SymPy then takes minutes to evaluate.
    numbers = {symbol: value if value.is_Integer else sp.Float(value, 3 * DIGITS) for symbol, value in values.items()}
    return mp.mpf(str(sp.N(expression.subs(numbers).doit(), DIGITS)))


@pytest.mark.parametrize("name", TEXTS)
def test_latex_says_what_the_bound_says(name: str) -> None:
    """The terms as the theorem prints them, from the definitions that it prints: no part is left out."""
    chance = random.Random(20250711)
    read = 0
    with mp.workdps(DIGITS):
        for title, bound in bounds(name).items():
            parts = {**bound.named_terms, **{str(part): value for part, value in bound.definitions.items()}}
            plain = {part: later(value) for part, value in parts.items()}
            values = point({i, *bound.symbols, *(free for value in plain.values() for free in value.free_symbols)},
                           chance)
            # A listed schedule says nothing about generations beyond its last.
            values[i] = min(values[i], sp.Integer(bound.setting.loop.horizon or values[i]))
            written = {latex(symbol): mp.mpf(value.p) / value.q for symbol, value in values.items()}
            statement = Statement(bound, {latex(symbol): written[latex(symbol)] for symbol in (i, *bound.symbols)})
            for part, term in bound.terms.items():
                wanted = exactly(later(term), values)
                found = statement.read(statement.terms[part]) if part in statement.terms else mp.mpf(0)
                assert mp.almosteq(found, wanted, rel_eps=NEAR), (title, part, statement.terms[part])
            for part, value in plain.items():
                wanted = exactly(value, values)
                for text in (latex(value), inline(value)):
                    found = Reader(text, written, statement.families).whole()
                    assert mp.almosteq(found, wanted, rel_eps=NEAR), (title, part, text)
                    read += 1
    assert read >= 8


@pytest.mark.usefixtures("patient_parser")
@pytest.mark.parametrize("name", TEXTS)
def test_text_says_what_the_bound_says(name: str) -> None:
    chance = random.Random(20250712)
    for title, bound in bounds(name).items():
        for part, expression in bound.named_terms.items():
            again = parse_expression(str(expression))
            values = point(expression.free_symbols, chance)
            assert again == expression or mp.almosteq(exactly(again, values), exactly(expression, values),
                                                      rel_eps=NEAR), (title, part)


def test_the_reader_notices_a_slip() -> None:
    one = {r"\alpha": mp.mpf("0.25"), "n": mp.mpf(3)}
    root = mp.sqrt(mp.mpf(1) / 6)
    assert Reader(r"\frac12(1 - \alpha)\sqrt{\frac{n}{2n^{2}}}", one).whole() == mp.mpf("0.375") * root
    assert Reader(r"2^{n} - 1/(2n)", one).whole() != Reader(r"2^{n} - n/2", one).whole()
    assert Reader(r"\sum_{k=1}^{n} \frac{1}{k^{2}} + 1", {"n": mp.mpf(3)}).whole() == 1 + mp.mpf(1) + mp.mpf(1) / 4 + (
        mp.mpf(1) / 9)
    with pytest.raises(ValueError, match=r"not read|beginning|expected"):
        Reader(r"\frac{1}{n", one).whole()
