"""The safe parser: exact values, and refusals with a column. The fuzz test is in test_fuzz.py."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from stlbounds.errors import InvalidArgumentError, ParseError, StlboundsError, SymbolError
from stlbounds.generators.attention_depth import layer_spread
from stlbounds.growth import growth_sum
from stlbounds.parsing import parse_assignments, parse_expression, parse_number
from stlbounds.sequences import listed
from stlbounds.special import geometric_sum
from stlbounds.symbols import STEP, G, K, N, alpha, beta, c, delta, gamma, i, kappa, known, n, r

# --- what is accepted -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1", sp.Rational(1, 10)),
        ("1e-12", sp.Rational(1, 10**12)),
        ("  2.5E+3\t", sp.Integer(2500)),
        (".5", sp.Rational(1, 2)),
        ("1.", sp.Integer(1)),
        ("10_000", sp.Integer(10000)),
        ("0.1 + 0.2", sp.Rational(3, 10)),
        ("2**-3", sp.Rational(1, 8)),
        ("2**3**2", sp.Integer(512)),
        ("-2**2", sp.Integer(-4)),
        ("0**0", sp.Integer(1)),
        ("c * N**-r", c * N**-r),
        ("1/2*N - - n", N / 2 + n),
        ("beta + gamma", beta + gamma),
        ("gamma(i + 1 + kappa)", sp.gamma(i + 1 + kappa)),
        ("sqrt((K-1)/N)/2", sp.sqrt((K - 1) / N) / 2),
        ("geometric_sum(kappa*(1-alpha), i)", geometric_sum(kappa * (1 - alpha), i)),
        ("geometric_sum(1/2, 3)", sp.Rational(7, 4)),
        ("max(1, 5/2, -3)", sp.Rational(5, 2)),
        ("Min(1, 5/2, -3)", sp.Integer(-3)),
        ("log(2/delta)", sp.log(2 / delta)),
        ("exp(-n) * tanh(alpha) + erf(kappa)", sp.exp(-n) * sp.tanh(alpha) + sp.erf(kappa)),
        ("sqrt(2)**2", sp.Integer(2)),
        ("2*pi", 2 * sp.pi),
        ("7 - n + n", sp.Integer(7)),
        ("growth(1/2, 0, 2)", sp.Rational(15, 8)),
        ("growth_sum(2, 2, 1) + growth_sum(kappa, i, 2, 1)", 9 + growth_sum(kappa, i, 2, 1)),
        ("listed(2, 1/2, 2/5) * listed(i, 1/2, 2/5)", sp.Rational(2, 5) * listed(i, sp.S.Half, sp.Rational(2, 5))),
        ("layer_query(kappa, 0) + layer_spread(1, 1)", layer_spread(1, 1)),
        ("Piecewise((0, Eq(i, 0)), (c, True))", sp.Piecewise((0, sp.Eq(i, 0)), (c, True))),
        ("2*Sum(c/_m**r, (_m, 1, i))", 2 * sp.Sum(c / STEP**r, (STEP, 1, i))),
        ("Sum(Product(kappa/_m, (_m, _g + 1, i))**2, (_g, 0, i))",
         sp.Sum(sp.Product(kappa / STEP, (STEP, G + 1, i)) ** 2, (G, 0, i))),
        ("2*(alpha + kappa)/n", sp.Mul(2, alpha + kappa, 1 / n)),
        ("-(alpha + kappa)/n", sp.Mul(-1, alpha + kappa, 1 / n)),
        ("E**2", sp.E**2),
        ("c*(2*N)**-0.3333333333", c * (2 * N) ** -sp.Rational(3333333333, 10**10)),
        ("(2*n/3)**0.123456789", (2 * n / 3) ** sp.Rational(123456789, 10**9)),
        ("(1 - kappa)**24 + kappa", (1 - kappa) ** 24 + kappa),
        ("1 - (1 - alpha)**100", 1 - (1 - alpha) ** 100),
        ("sqrt(1 - (1 - 1/N)**50)", sp.sqrt(1 - (1 - 1 / N) ** 50)),
        ("(1 - kappa)**500*(N + kappa**999)", (1 - kappa) ** 500 * (N + kappa**999)),
        ("(kappa**K - alpha**K)**(2*i)", (kappa**K - alpha**K) ** (2 * i)),
    ],
)
def test_accepted(text: str, expected: sp.Expr) -> None:
    assert parse_expression(text) == expected


def test_an_undecided_extremum_is_kept() -> None:
    found = parse_expression("max(kappa, 1)")
    assert found.subs(kappa, 3) == 3
    assert found.subs(kappa, sp.Rational(1, 2)) == 1


def test_extra_names_take_precedence() -> None:
    own, mine = sp.symbols("undeclared n", positive=True)
    assert parse_expression("undeclared*n", names={"undeclared": own, "n": mine}) == own * mine
    with pytest.raises(ParseError, match="unknown symbol undeclared"):
        parse_expression("undeclared")


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9))
@settings(max_examples=200, deadline=None)
def test_decimals_are_exact(number: Any) -> None:
    numerator, denominator = number.as_integer_ratio()
    if number and abs(number) < sp.Rational(1, 10**300):
        return
    assert parse_number(str(number)) == sp.Rational(numerator, denominator)


_LEAVES = st.sampled_from(["n", "alpha", "kappa", "0.25", "3", "1e-2", "(2/3)"])
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda t: f"(-{t})"),
        inner.map(lambda t: f"({t})**2"),
        inner.map(lambda t: f"exp(-({t})**2)"),
    ),
    max_leaves=12,
)


@given(_TREES)
@settings(max_examples=200, deadline=None)
def test_values_agree_with_python_arithmetic(text: str) -> None:
    """Python evaluates the same text, which this test wrote itself, with every literal made an exact rational."""
    values = {"n": sp.Integer(7), "alpha": sp.Rational(3, 11), "kappa": sp.Rational(13, 10)}
    exact = re.sub(r"[0-9]+(\.[0-9]+)?(e-[0-9]+)?", lambda literal: f"Rational('{literal.group()}')", text)
    scope: dict[str, Any] = {**values, "exp": sp.exp, "Rational": sp.Rational, "__builtins__": {}}
    try:
        parsed = parse_expression(text)
    except ParseError as error:
        assert "division by zero" in str(error) or "too large" in str(error) or "too small" in str(error)
        return
    expected = eval(exact, scope)  # noqa: S307 - the text comes from the strategy above
    difference = parsed.subs({known()[name].symbol: value for name, value in values.items()}) - expected
    if not difference.has(sp.zoo, sp.nan):
        assert abs(sp.N(difference, 30)) <= 1e-20 * (1 + abs(sp.N(expected, 30)))


# --- what is refused ----------------------------------------------------------------------------------------

REFUSED = [
    ("", 1, "nothing"),
    ("   ", 1, "nothing"),
    ("2n", 1, r"2\*n"),
    ("1 + 0x10", 5, "decimals"),
    ("1j", 1, "decimals"),
    ("1.2.3", 1, "one decimal point"),
    ("007", 1, "misplaced"),
    (" 2 +", 2, "misplaced"),
    ("2 3", 3, "misplaced"),
    ("n^2", 2, r"\*\* for powers"),
    ("n == 2", 3, "no ="),
    ("α", 1, "write alpha"),
    ("1 + λ", 5, "write lam "),
    ("lambda", 1, "called lam"),
    ("n if n else 1", 3, "word of Python"),
    ("not n", 1, "word of Python"),
    ("(n", 2, "not closed"),
    ("1 + n)", 6, "never opened"),
    ("n.real", 2, "attributes"),
    ("n[0]", 2, "unexpected"),
    ("[n for n in N]", 1, "unexpected"),
    ("f'{n}'", 2, "strings"),
    ("__import__('os').system('true')", 12, "strings"),
    ("__import__(os)", 1, "unknown function"),
    ("n := 3", 3, "unexpected"),
    ("(n, n)", 1, "comma"),
    ("log(*n)", 5, "star"),
    ("log(**n)", 1, "plain arguments"),
    ("log(n)(n)", 1, "named function"),
    ("factorial(10**9)", 1, "unknown function"),
    ("1 + sqr(n)", 5, "sqrt"),
    ("kapa", 1, "did you mean kappa"),
    ("_j", 1, "index _j means something inside a Sum"),
    ("_q", 1, "unknown symbol"),
    ("1 + Sum(_m, (_m, 1, i)) * _m", 27, "inside a Sum"),
    ("Sum(_m, _m)", 1, "is written"),
    ("Sum(_m, (n, 1, i))", 10, "must be one of _j, _g, _m, _k"),
    ("Sum(_m, (_m, 1, _m))", 1, "must not contain"),
    ("Sum(1/_m, (_m, 1, 10**9))", 1, "without symbols"),
    ("Product(2, (_m, 1, 10**9))", 1, "without symbols"),
    ("Sum", 1, "unknown symbol"),
    ("Piecewise((1, Eq(i, 0)), (2, Eq(i, 1)))", 1, "last case"),
    ("Piecewise((1, True), (2, Eq(i, 1)))", 1, "last case"),
    ("Piecewise((1, True))", 1, "2 to 8 cases"),
    ("Piecewise((1, Eq(n*i, i*n)), (2, True))", 1, "compares an index"),
    ("Piecewise((1, Eq(i, kappa)), (2, True))", 1, "compares an index"),
    ("Piecewise((1, n), (2, True))", 15, "a condition is"),
    ("Piecewise(1, 2)", 11, "written .value, condition"),
    ("Eq(i, 0)", 1, "unknown function Eq"),
    ("True", 1, "condition of the last case"),
    ("True + 1", 1, "condition of the last case"),
    ("growth(kappa, 3, 2)", 1, "not after"),
    ("growth(-1, 0, 2)", 1, "negative"),
    ("growth(1/3, 0, 10**7)", 1, "integer from 0"),
    ("growth(1e-300, 0, 60)", 1, "4096 bits"),
    ("growth_sum(kappa, i, 9)", 1, "power from 1 to 4"),
    ("growth_sum(kappa, i, n)", 1, "power from 1 to 4"),
    ("growth_sum(kappa, i, 2, 2)", 1, "0 or 1"),
    ("growth_sum(1e-200, 64, 2)", 1, "4096 bits"),
    ("growth_sum(sqrt(2), 10**9, 2)", 1, "integer from 0"),
    ("layer_query(36, 10**9)", 1, "integer from 0"),
    ("layer_mean(-1, L)", 1, "negative"),
    ("listed(1/2, 3, 4)", 1, "integer from 0"),
    ("listed(i)", 1, "2 to 101 arguments"),
    ("log", 1, "parentheses"),
    ("log()", 1, "1 argument, not 0"),
    ("log(n, 2)", 1, "1 argument, not 2"),
    ("inf", 1, "not a finite number"),
    ("1 - NaN", 5, "not a finite number"),
    ("1/0", 1, "division by zero"),
    ("1/(n - n)", 1, "division by zero"),
    ("0**-1", 1, "division by zero"),
    ("0**(-1/2)", 1, "division by zero"),
    ("log(0)", 1, "log of zero"),
    ("log(-2)", 1, "not a real number"),
    ("sqrt(-2)", 1, "negative"),
    ("sqrt(-n)", 1, "not a real number"),
    ("(-8)**(1/3)", 1, "negative"),
    ("(-1)**n", 1, "negative"),
    ("gamma(-1)", 1, "not a"),
    ("gamma(10**9)", 1, "beyond 170"),
    ("9**9**9", 1, "4096 bits"),
    ("2**(10**8)", 1, "4096 bits"),
    ("2**(N + 10**9)", 1, "4096 bits"),
    ("2**N * 2**(10**9 - N)", 8, "4096 bits"),
    ("((2*N)**K)**(10**9/K)", 1, "symbolic power"),
    ("exp(log(2)*(N + 10**9))", 1, "4096 bits"),
    ("(10**299*n)**(1/7)", 1, "512 bits"),
    ("(n+1)**(10**6)", 1, "too large"),
    ("(n**1000)**1000", 1, "4096 bits"),
    ("(n**8)**500", 1, "too large"),
    ("(7*n)**1000/(7*n)**999 * (12345678901234567890*n)**900", 26, "4096 bits"),
    ("1e99999999", 1, "decimal exponent"),
    ("1e-301", 1, "decimal exponent"),
    ("1e300*1e300", 1, "outside"),
    ("exp(1000)", 1, "too large"),
    ("exp(exp(exp(20)))", 5, "too large"),
    ("exp(-exp(6.6))*exp(-exp(6.6))", 1, "too small"),
    ("log(6) - log(2) - log(3)", 1, "cancel"),
    ("9" * 301, 1, "300 digits"),
    ("9" * 5000, 4000, "5000 characters"),
    ("n" * 10**6, 4000, "characters"),
    ("(" * 31 + "1" + ")" * 31, 31, "within one another"),
    ("+".join(["n"] * 401), 801, "more than 800"),
    ("**".join(["n"] * 60), None, "too large"),
    ("sqrt((" + "-".join(f"n**{k}*N" for k in range(2, 60)) + ")**2)", 1, "long expression"),
    ("sqrt((7*2**(1/7)**kappa*(1 - n)**(1/7) - 9)**4)", 1, "may not be real"),
    ("(1/(7*10**9))**1e-9", 1, "too high an index"),
    ("6**0.7000001*15**0.7000001", 1, "too high an index"),
    ("24**(K*0.999999999)*24**(1 - K*0.999999999 - 1/1001)", 1, "too high an index"),
    ("exp(log(24*n)*(1 - 1e-7))", 1, "too high an index"),
    ("((1 - kappa)**30 + 2)**30 - 3", 1, "degree above 24"),
    ("(1 - (1 - alpha)**100)**20 - 3", 1, "degree above 24"),
    ("1 - (1 - kappa)**130", 1, "degree above 24"),
    ("1 - (12345678/7 - kappa)**64", 1, "degree above 24"),
    ("(1 - 2*kappa)**30 - (3*kappa - 2)**30", 1, "degree above 24"),
    ("-".join(f"1/(kappa - 1/{k})**2" for k in range(2, 20)), None, "degree above 24"),
    ("geometric_sum(kappa, 5/2)", 1, "number of terms"),
    ("geometric_sum(1/3, 10**7)", 1, "number of terms"),
    ("geometric_sum(1e-300, 200)", 1, "4096 bits"),
    ("1\n+1", 2, "unexpected"),
    ("1\x00", 2, "unexpected"),
    ("\ud800", 1, "unexpected"),
    ("１", 1, "unexpected"),
    ("ﬁ", 1, "unexpected"),
]


@pytest.mark.parametrize(("text", "column", "why"), REFUSED, ids=range(len(REFUSED)))
def test_refused_with_its_column(text: str, column: int | None, why: str) -> None:
    with pytest.raises(ParseError, match=why) as caught:
        parse_expression(text, argument="error")
    assert caught.value.argument == "error"
    assert "an expression of numbers" in caught.value.allowed
    if column is not None:
        assert caught.value.hint.startswith(f"column {column}: ")
    message = str(caught.value)
    assert message.isascii() and message.isprintable() and len(message) < 500


def test_numbers_are_rational_and_without_symbols() -> None:
    assert parse_number("1/20") == sp.Rational(1, 20)
    assert isinstance(parse_number("3"), sp.Rational)
    with pytest.raises(ParseError, match="symbols"):
        parse_number("n/2")
    with pytest.raises(ParseError, match=r"write a decimal such as 1\.41421356"):
        parse_number("sqrt(2)")


def test_assignments() -> None:
    found = parse_assignments(["K=20", " alpha = 1/2", "delta=0.05", "kappa=1e-12"])
    assert found == {"K": 20, "alpha": sp.Rational(1, 2), "delta": sp.Rational(1, 20),
                     "kappa": sp.Rational(1, 10**12)}
    assert parse_assignments([]) == {}


@pytest.mark.parametrize(
    ("texts", "error", "why"),
    [
        (["alpha=1.2"], InvalidArgumentError, r"alpha = 1.2: must be in \[0, 1\]"),
        (["n=-3"], InvalidArgumentError, "n = -3: must be an integer"),
        (["i=2.5"], InvalidArgumentError, "i = 2.5: must be an integer"),
        (["delta=0"], InvalidArgumentError, r"delta = 0: must be in \(0, 1\)"),
        (["delta=1"], InvalidArgumentError, "delta = 1"),
        (["alpha=nan"], ParseError, "not a finite number"),
        (["kapa=1"], SymbolError, "did you mean kappa"),
        (["=1"], SymbolError, "unknown symbol ''"),
        (["_j=1"], SymbolError, "unknown symbol"),
        (["n=3", "n=3"], InvalidArgumentError, "given once"),
        (["n"], ParseError, "NAME=VALUE"),
        (["n="], ParseError, "nothing is there"),
        (["n==3"], ParseError, "unexpected '='"),
    ],
)
def test_assignments_refused(texts: list[str], error: type[StlboundsError], why: str) -> None:
    with pytest.raises(error, match=why):
        parse_assignments(texts)


def test_assignments_can_be_restricted() -> None:
    with pytest.raises(SymbolError, match="known here: alpha, n"):
        parse_assignments(["M=1"], allowed=["n", "alpha"])


@pytest.mark.parametrize(("text", "start"), [
    ("n^2", "column 2: unexpected '^': write ** for powers (must be an expression of numbers"),
    ("kapa", "column 1: unknown symbol kapa; did you mean kappa? or declare it ([symbols.kapa] in a model file) (must"),
    ("xyzzy", "column 1: unknown symbol xyzzy; declare it ([symbols.xyzzy] in a model file) (must be"),
    ("sine(n)", "column 1: unknown function sine; there are Abs, "),
])
def test_the_reason_comes_first(text: str, start: str) -> None:
    with pytest.raises(ParseError) as refused:
        parse_expression(text)
    assert str(refused.value).startswith(f"expression = {text!r}: {start}")
