"""Every row of the table of questions is answered as on paper."""

from __future__ import annotations

import mpmath
import pytest
import questions as table
import settings
import sympy as sp

import stlbounds as stl
from stlbounds import symbols
from stlbounds.analysis.minimize import minimize_expression
from stlbounds.analysis.threshold import CRITICAL, GUARANTEED, NO_GUARANTEE
from stlbounds.symbols import n, w

POINT = {symbols.symbol(name): sp.Rational(value) for name, value in {
    "M": "13/10", "b": "7/10", "c": "11/10", "e": "3/10", "delta": "1/20", "alpha": "1/3", "kappa": "9/7", "i": "7",
    "lam": "3/5", "w": "2/5", "n": "50", "r": "3/4", "epsilon": "1/10"}.items()}


def names(values):
    return {str(key): value for key, value in values.items()}


def summed(expression):
    """The expression with infinite sums of numbers as numbers."""
    infinite = [part for part in expression.atoms(sp.Sum) if part.limits[0][2] == sp.oo]
    return expression.xreplace({
        part: sp.Float(mpmath.nsum(sp.lambdify(part.limits[0][0], part.function, "mpmath"),
                                   [int(part.limits[0][1]), mpmath.inf]), 15) for part in infinite})


def number(expression, values=()):
    """A value at a point of no special kind, infinite sums included."""
    at = sp.sympify(expression).subs({**POINT, **dict(values)})
    return float("inf") if at == sp.oo else float(summed(at).doit().evalf())


def agree(found, expected, values=()):
    left, right = number(found, values), number(expected, values)
    return left == right or abs(left - right) <= 1e-9 * abs(right)


def rows(part):
    return [pytest.param(*row[1:], id=row[0]) for row in part]


def test_the_table_is_long_enough_and_covers_every_question():
    lengths = [len(part) for part in (table.RATES, table.LIMITS, table.THRESHOLDS, table.HORIZONS, table.INVERSIONS,
                                      table.EXPANSIONS, table.CLOSED_FORMS, table.LAWS, table.OPTIMA,
                                      table.COMPARISONS)]
    assert sum(lengths) >= 60 and min(lengths) >= 2
    asked = {row[2] for row in (*table.INVERSIONS, *table.CLOSED_FORMS)}
    assert asked == {"sample_size", "max_generations", "min_real_fraction", "vacuous_below"}


@pytest.mark.parametrize("name, arguments, expected", rows(table.RATES))
def test_rate(name, arguments, expected):
    answer = settings.bound(name).rate(**names(arguments))
    for point, leading in expected:
        assert agree(answer.at(**names(point)).expr, leading, point)


def _far(expression, variable, points):
    """The expression at growing values of the variable, by mpmath, at the point of no special kind."""
    from stlbounds.compiled import mpmath_function

    free = tuple(sorted(expression.free_symbols, key=str))
    function = mpmath_function(expression, free)
    with mpmath.workdps(60):
        for value in points:
            yield function(*(mpmath.mpf(int(part.p)) / int(part.q) for part in (
                {**POINT, variable: sp.Rational(value)}[symbol] for symbol in free)))


SMOOTH = [row for row in table.RATES if not any(str(value).startswith("ceiling") for value in row[2].values())]


@pytest.mark.slow
@pytest.mark.parametrize("name, arguments, expected", rows(SMOOTH))
def test_a_rate_is_what_the_bound_itself_tends_to(name, arguments, expected):
    bound = settings.bound(name)
    values = {symbols.symbol(str(key)): value for key, value in arguments.items()
              if str(key) not in ("variable", "term")}
    whole = bound.terms[arguments["term"]] if "term" in arguments else bound.expr
    variable = arguments["variable"]
    points = (10**8, 10**12, 10**16) if variable != symbols.i else (10**2, 10**3, 3 * 10**3)
    for point, _ in expected:
        at = {symbols.symbol(str(key)): sp.sympify(value) for key, value in point.items()}
        leading = summed(bound.rate(**names(arguments)).at(**names(point)).expr.subs(at)).doit()
        exact = whole.subs({**values, **at}, simultaneous=True)
        errors = [abs(a / b - 1) for a, b in zip(_far(exact, variable, points), _far(leading, variable, points),
                                                 strict=True)]
        # Corrections to a logarithm vanish like its inverse, all others like a power.
        most = 0.5 if leading.has(sp.log(variable)) else 0.06
        assert errors[-1] < most and (errors[-1] < 1e-6 or errors[-1] < errors[0])


@pytest.mark.parametrize("name, arguments, expected", rows(table.LIMITS))
def test_limit(name, arguments, expected):
    answer = settings.bound(name).limit(**names(arguments))
    for point, limit in expected:
        assert agree(answer.at(**names(point)), limit, point)


@pytest.mark.parametrize("name, arguments, critical, verdicts", rows(table.THRESHOLDS))
def test_threshold(name, arguments, critical, verdicts):
    found = settings.bound(name).threshold(**names(arguments))
    assert (found.critical is None) == (critical is None)
    assert critical is None or agree(found.critical, critical)
    for point, verdict in verdicts:
        assert verdict in (GUARANTEED, CRITICAL, NO_GUARANTEE)
        assert found.verdict(**names(point)) == verdict


@pytest.mark.parametrize("name, arguments, first, last", rows(table.HORIZONS))
def test_horizon(name, arguments, first, last):
    bound = settings.bound(name)
    assert bound.horizon(**arguments).value == first
    found = bound.max_generations(**arguments)
    assert found.value == last and found.exists == (last is not None)
    for at, value in found.evidence:
        fine = value <= arguments["epsilon"] * (1 + 1e-12)
        assert fine == (last is not None and at <= last)


@pytest.mark.parametrize("name, question, arguments, expected", rows(table.INVERSIONS))
def test_inversion(name, question, arguments, expected):
    found = getattr(settings.bound(name), question)(**arguments)
    if expected is None:
        assert found.value is None and not found.exists and "no" in found.says
        return
    # Real answers are brackets: never below the truth, and no more than their width above it.
    assert 0 <= float(found.value - expected) < 2e-9
    assert found.value == expected or found.bracket is not None


@pytest.mark.parametrize("name, question, arguments, expected", rows(table.CLOSED_FORMS))
def test_closed_forms(name, question, arguments, expected):
    found = getattr(settings.bound(name), question)(**arguments)
    assert found.value is None and found.exists
    left, right = (complex(form.subs(POINT).evalf()) for form in (found.closed_form, expected))
    assert abs(left - right) <= 1e-9 * abs(right)


@pytest.mark.parametrize("name, arguments, coefficients", rows(table.EXPANSIONS))
def test_expansion(name, arguments, coefficients):
    found = settings.bound(name).expansion(symbols.n, **arguments).value
    assert found.exact and len(found.terms) == len(coefficients)
    for half, coefficient in coefficients.items():
        assert agree(found.coefficient(symbols.n ** -sp.Rational(half, 2)), coefficient)


@pytest.mark.parametrize("name, law, verdict", [pytest.param(*row, id=f"{row[0]} {row[1]}") for row in table.LAWS])
def test_exact_laws(name, law, verdict):
    (found,) = (item for item in settings.bound(name).exact_laws() if item.name == law)
    assert found.verdict.value == verdict


def test_collapse_is_said_by_no_bound():
    found = settings.bound("replace/categorical").threshold("n", towards="i")
    assert "collapse" not in str(found) and found.critical is None
    assert stl.Bound.exact_laws(settings.bound("half/generic")) == ()


@pytest.mark.parametrize("expression, variable, over, minimiser", rows(table.OPTIMA))
def test_minimize(expression, variable, over, minimiser):
    found = minimize_expression(expression, variable, over=over)
    assert found.replay()
    if found.exact:
        assert sp.simplify(found.at - minimiser) == 0
    else:
        assert len(found.where) == 1
        assert found.where[0][0] - 1e-3 <= minimiser <= found.where[0][1] + 1e-3
    # Nothing beside it is smaller.
    here = float(expression.subs(variable, minimiser).subs({n: 7}))
    for step in (-0.01, 0.01):
        beside = minimiser + step
        if (0 if over is None else over[0]) <= beside <= (1 if variable == w else over[1] if over else 100):
            assert float(expression.subs(variable, beside).subs({n: 7})) > here


@pytest.mark.parametrize("smaller, larger, domain, answer", rows(table.COMPARISONS))
def test_compare(smaller, larger, domain, answer):
    found = settings.bound(smaller).compare(settings.bound(larger), domain, budget=30)
    assert getattr(found, answer)
    assert {"proved": found.refuted, "refuted": found.proved}[answer] is False


def test_answers_are_written_as_an_author_would():
    # Theory §9: the drift of the augment loop tends to M e lam, not to M e lam/((1 + lam)(1 - lam/(1 + lam))).
    mine = stl.generators.Generator("mine", stl.DISCRETE, symbols.kappa, symbols.e)
    bound = stl.high_probability(stl.Setting(stl.loops.Augment(symbols.lam), mine))
    assert bound.limit("i", sp.oo, term="drift").value == symbols.M * symbols.e * symbols.lam


@pytest.mark.parametrize("name", ["subsample/generic", "accumulate/generic"])
def test_a_sum_of_nothing_but_zeros_is_zero(name):
    """A learning error of 0 sent the expansion of subsample's drift round in circles."""
    bound, values = settings.bound(f"{name}/mean"), dict(r="1/2", n=1000, c=0, M=1, b=0, kappa=1)
    values = {key: sp.Rational(value) for key, value in values.items() if symbols.symbol(key) in bound.symbols}
    assert bound.limit("i", sp.oo, **values).value == 0
    del values["n"]
    assert bound.rate("n", **{**values, "b": 2, "i": 3}).order == 1 / n


def test_infinity_may_be_a_word():
    bound = stl.high_probability(stl.Setting(stl.loops.Accumulate(), stl.generators.Categorical(20)))
    assert bound.limit("i", "oo", term="bias") == bound.limit("i", sp.oo, term="bias")
