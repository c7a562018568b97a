"""The decision engine: known questions, a fuzz test with known answers, certificates that are checked and broken."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy as sp
from known_inequalities import known_inequalities

from stlbounds.errors import InvalidArgumentError, SymbolError, UndecidedError
from stlbounds.interval.certificates import (
    ByAlgebra,
    ByBoxes,
    ByReduction,
    ByRoots,
    ByRules,
    BySolver,
    BySquares,
    ByTerms,
    ByTie,
    Proved,
    Refuted,
)
from stlbounds.interval.decide import decide
from stlbounds.interval.domain import box_of
from stlbounds.interval.inequalities import Offer
from stlbounds.interval.solver import no_violation
from stlbounds.special import geometric_sum
from stlbounds.symbols import Range, alpha, delta, i, n

A, X, Y, Z = sp.symbols("a x y z", real=True)
P, Q = sp.symbols("p q", nonnegative=True)
T = sp.Symbol("T", integer=True, nonnegative=True)
UNIT = {A: (0, 1)}
HALF = sp.Rational(1, 2)

TRUE = [
    ((1 - A) ** T <= 1, UNIT), (1 - (1 - A) ** T <= A * T, UNIT), (sp.log(1 + A) <= A, UNIT),
    (sp.log(1 + A) <= A, {A: (0, sp.oo)}), (geometric_sum(1 - A, T) <= T, UNIT), ((1 - (1 - A) ** T) / A <= T, UNIT),
    (A * geometric_sum(1 - A, T) <= 1, UNIT), (geometric_sum(P, T) ** 2 >= geometric_sum(P**2, T), {}),
    ((1 - A) ** T <= sp.exp(-A * T), UNIT), (sp.exp(X) >= 1 + X, {}), (sp.exp(2 * X - 1) >= 2 * X, {X: (-1, 1)}),
    (X * sp.log(X) >= X - 1, {X: (0, sp.oo)}), (sp.sqrt(P * Q) <= (P + Q) / 2, {}), (sp.Max(P, Q) <= P + Q, {}),
    (sp.sqrt(P + Q) <= sp.sqrt(P) + sp.sqrt(Q), {}), (sp.tanh(P) <= P, {}), (sp.erf(P) <= 2 * P / sp.sqrt(sp.pi), {}),
    (X**2 + Y**2 + Z**2 >= X * Y + Y * Z + Z * X, {}), (X**4 - 3 * X**2 + 3 >= sp.Rational(3, 4), {}),
    (sp.log(X) <= (X - 1) / sp.sqrt(X), {X: (1, 10)}), (X**3 > X - 1, {X: (0, 5)}), (X < X + 1, {}),
    (sp.sqrt(X**2 + 1) > X, {X: (0, 100)}), (sp.log(2 / delta) >= 0, {}), (1 / n <= 1, {}), ((1 - alpha) ** i <= 1, {}),
    (sp.pi > sp.Rational(314159, 100000), {}), (sp.exp(1) < sp.Rational(27183, 10000), {}),
    (T**2 >= T, {}), (T * (T - 1) * (T - 2) >= 0, {T: (0, 30)}),
]
FALSE = [
    (sp.log(1 + A) <= A * sp.Rational(999, 1000), UNIT), ((1 - A) ** T <= 1 - A * T, UNIT),
    (sp.exp(X) >= 1 + X + sp.Rational(1, 10**12), {X: (-1, 1)}),
    (X**2 - X + HALF**2 >= sp.Rational(1, 10**9), {X: (-1, 1)}),
    (geometric_sum(1 + A, T) <= T, UNIT), (sp.Max(X, Y) <= X + Y, {X: (0, 1), Y: (-1, 1)}), (X**2 > 0, {X: (-1, 2)}),
    (sp.sqrt(P * Q) >= (P + Q) / 2, {}), (sp.pi < sp.Rational(314159, 100000), {}), (X < X, {}),
    (T * (T - 1) * (2 * T - 7) >= 0, {T: (0, 30)}), (n**2 <= 10**20, {}),
    (X**4 - 3 * X**2 + 3 >= sp.Rational(7501, 10000), {}),
]


@pytest.mark.parametrize(("inequality", "domain"), TRUE, ids=str)
def test_true_inequalities_are_proved_and_replayed(inequality, domain):
    answer = decide(inequality, domain)
    assert answer.proved, str(answer)
    for name in ("arb", "mpmath"):
        assert isinstance(answer, Proved)
        assert answer.certificate.replay(name)
    assert answer.require() is answer


@pytest.mark.parametrize(("inequality", "domain"), FALSE, ids=str)
def test_false_inequalities_are_refuted_at_a_point_where_they_fail(inequality, domain):
    answer = decide(inequality, domain)
    assert answer.refuted, str(answer)
    if isinstance(inequality, sp.core.relational.Relational):
        assert isinstance(answer, Refuted)
        difference = sp.N((inequality.lts - inequality.gts).subs(answer.point), 60)
        assert difference > 0 or (difference == 0 and answer.exactly)
    with pytest.raises(UndecidedError, match="refuted"):
        answer.require()


def test_intervals_do_not_know_integers_between_which_a_real_would_fail():
    """``T (T-1) >= 0`` fails for ``T = 1/2``, and holds for integers."""
    assert decide(T * (T - 1) >= 0, {T: (0, 30)}).proved
    assert decide(P * (P - 1) >= 0, {P: (0, 30)}).refuted


def test_open_ends_are_no_counterexamples():
    assert not decide(delta > 0).refuted
    assert decide(1 / delta >= 1).proved
    assert not decide(X > 0, {X: Range(0, 1, low_open=True)}).refuted
    assert decide(X > 0, {X: Range(0, 1)}).refuted


def test_what_is_undefined_proves_nothing():
    for part in (sp.log(X), sp.sqrt(X), X**sp.Rational(3, 2), sp.sqrt(X) - sp.sqrt(X - 1), sp.log(X) ** 2):
        assert not decide(sp.LessThan(part, 10**6, evaluate=False), {X: (-3, -1)}).proved, part


T, Y = sp.Symbol("T", integer=True, nonnegative=True), sp.Symbol("y", real=True)


@pytest.mark.parametrize(("inequality", "domain"), [
    (T / geometric_sum(2, T) > sp.Rational(1, 64), {"T": (0, 3)}),
    (sp.log(geometric_sum(2, T)) * geometric_sum(sp.Rational(1, 2), T) >= sp.Rational(1, 64), {"T": 0}),
    (Y ** sp.Rational(1, 4) >= 2, {"y": (-1, 0)}),
    (sp.sqrt(Y) / Y + sp.log(Y) * 0 + sp.Rational(1, 2) >= 0, {"y": (-1, 1)}),
])
def test_nothing_is_refuted_where_a_side_is_undefined(inequality, domain):
    answer = decide(inequality, domain, budget=0.5)
    if answer.refuted:
        value = (inequality.lhs - inequality.rhs).xreplace(answer.point)
        assert value.is_real
        assert not value > 0


def test_parts_that_a_case_distinction_leaves_out_may_be_undefined():
    answer = decide(sp.Piecewise((-1, sp.Eq(T, 0)), (1 / T, True)) >= 0, {"T": (0, 5)})
    assert answer.refuted and answer.point == {T: 0}


@pytest.mark.parametrize("inequality", [
    sp.Max(-1, sp.sqrt(Y)) + 5 >= 0, sp.Min(Y / (Y + 1), Y + 2) + 200 >= 0, 1 - sp.sqrt(Y) / sp.sqrt(T) >= 0])
def test_values_that_sympy_cannot_compare_are_no_crash(inequality):
    answer = decide(inequality, {"y": (-1, 2)} | ({"T": (0, 6)} if inequality.has(T) else {}), budget=0.5)
    assert answer.proved or answer.refuted or answer.tried


def test_an_undecided_question_says_what_was_tried_and_keeps_to_its_budget():
    hard = sp.exp(X) * sp.cos(X) <= 10
    answer = decide(hard, {X: (0, 1)})
    assert not answer.proved and not answer.refuted
    assert "cos has no enclosure" in str(answer)
    tie = sp.sqrt(1 + X**2 * Y**2) + sp.exp(-((X - Y) ** 2)) <= 1 + sp.sqrt(1 + (X**4 + Y**4) / 2)
    started = time.perf_counter()
    answer = decide(tie, {X: (-1, 1), Y: (-1, 1)}, budget=0.3)
    assert time.perf_counter() - started < 5
    assert not answer.refuted
    assert answer.proved or "boxes" in str(answer)


@pytest.mark.parametrize(("call", "error", "match"), [
    (lambda: decide(X + 1), InvalidArgumentError, "lhs <= rhs"),
    (lambda: decide(sp.Eq(X, 1)), InvalidArgumentError, "lhs <= rhs"),
    (lambda: decide(X <= 1, {X: (2, 1)}), InvalidArgumentError, "nonempty range"),
    (lambda: decide(alpha <= 1, {alpha: (0, 2)}), InvalidArgumentError, "alpha"),
    (lambda: decide(X <= 1, {X: (0, sp.sqrt(2))}), InvalidArgumentError, "rational"),
    (lambda: decide(X <= 1, {"nobody": 1}), SymbolError, "nobody does not occur"),
    (lambda: decide(X <= 1, budget=0), InvalidArgumentError, "budget"),
])
def test_bad_questions_are_refused(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_trivial_answers():
    assert decide(sp.true).proved and decide(True).proved
    assert decide(sp.false).refuted


# --- certificates -----------------------------------------------------------------------------------------------


def _certificate(inequality, domain, kind):
    answer = decide(inequality, domain)
    assert isinstance(answer, Proved)
    assert isinstance(answer.certificate, kind), str(answer)
    return answer.certificate


def test_a_broken_subdivision_is_refused():
    proof = _certificate(sp.exp(X) - X - 1 >= -sp.Rational(1, 1000) * X**2, {X: (-5, 5)}, ByBoxes)
    assert proof.boxes > 1
    assert proof.replay()
    assert not replace(proof, cuts=(None,)).replay(), "one box is not enough"
    assert not replace(proof, cuts=proof.cuts[:-1]).replay(), "a part is missing"
    assert not replace(proof, cuts=(*proof.cuts, None)).replay(), "a part too many"
    assert not replace(proof, difference=proof.difference - 1).replay()
    assert not replace(proof, box=box_of([X], {X: (-50, 50)}), difference=proof.difference - X**2).replay()
    outside = tuple((0, Fraction(77)) if cut else None for cut in proof.cuts)
    assert not replace(proof, cuts=outside).replay(), "a cut outside of the box"


def test_a_broken_chain_of_rules_is_refused():
    proof = _certificate(1 - (1 - A) ** T <= A * T, UNIT, ByRules)
    assert proof.replay()
    step = proof.steps[0]
    wrong = (
        replace(step, offer=replace(step.offer, upper=True)), replace(step, offer=replace(step.offer, conditions=())),
        replace(step, coefficient=-step.coefficient), replace(step, after=step.after + 1),
        replace(step, offer=Offer("Bernoulli", False, 2 - A * T, step.offer.conditions)),
        replace(step, atom=(2 - A) ** T), replace(step, before=step.before + 1),
    )
    for part in wrong:
        assert not replace(proof, steps=(part,)).replay(), part
    assert not replace(proof, steps=()).replay()
    assert not replace(proof, strict=True).replay()
    assert not replace(proof, box=box_of([A, T], {A: (0, 3)})).replay(), "Bernoulli needs 1 - a >= 0"


def test_other_certificates_notice_changes():
    roots = _certificate(X**4 - 4 * X**3 + 4 * X**2 + sp.Rational(1, 7) > 0, {X: (-3, 3)}, ByRoots)
    assert roots.replay() and not replace(roots, difference=roots.difference - 1).replay()
    tie = _certificate(sp.log(X) <= (X - 1) / sp.sqrt(X), {X: (1, 10)}, ByTie)
    assert tie.replay() and not replace(tie, difference=tie.difference - (X - 1) ** 2).replay()
    assert not replace(tie, tie=replace(tie.tie, at=Fraction(2))).replay()
    assert not replace(tie, tie=replace(tie.tie, above=None)).replay()
    algebra = _certificate(sp.GreaterThan((X + 1) ** 2, X**2 + 2 * X, evaluate=False), {}, ByAlgebra)
    assert algebra.replay() and not replace(algebra, difference=algebra.difference - 2).replay()
    squares = _certificate(X**2 + Y**2 - X * Y - X + 1 >= 0, {}, BySquares)
    assert squares.replay() and not replace(squares, difference=squares.difference - X).replay()
    minus = replace(squares.squares, weights=(-1, *squares.squares.weights[1:]))
    assert not replace(squares, squares=minus).replay()
    series, squared = geometric_sum(1 - A, T), geometric_sum((1 - A) ** 2, T)
    mixed = sp.sqrt(A * series**2 + (1 - A) * squared)
    reduced = _certificate(mixed / n >= sp.sqrt(squared) / n, UNIT, ByReduction)
    assert reduced.replay() and not replace(reduced, difference=-reduced.difference).replay()
    assert not replace(reduced, reduction=replace(reduced.reduction, after=reduced.reduction.after + 1)).replay()
    both = ByTerms(squares.difference + algebra.difference, box_of([X, Y]), parts=(squares, algebra))
    assert both.replay() and not replace(both, parts=(squares,)).replay()


def test_z3_helps_with_polynomials():
    motzkin = X**4 * Y**2 + X**2 * Y**4 - 3 * X**2 * Y**2 + 1
    box = box_of([X, Y], {X: (-2, 2), Y: (-2, 2)})
    assert no_violation(motzkin + sp.Rational(1, 100), box, milliseconds=20_000) is True
    assert no_violation(motzkin - sp.Rational(1, 100), box, milliseconds=20_000) is None
    assert no_violation(sp.exp(X), box) is None
    assert BySolver(X**2 + Y**2, box).replay()
    assert not BySolver(X + Y, box).replay()


# --- the fuzz test ------------------------------------------------------------------------------------------------


def _fuzz(seed: int, each: int) -> None:
    decided: dict[tuple[str, sp.Rational], list[bool]] = defaultdict(list)
    for count, known in enumerate(known_inequalities(seed, each)):
        answer = decide(known.inequality, known.domain, budget=10)
        decided[known.kind, known.margin].append(answer.proved or answer.refuted)
        assert not (answer.proved and not known.truth), (known, str(answer))
        assert not (answer.refuted and known.truth), (known, str(answer))
        if isinstance(answer, Proved) and count % 10 == 0:
            assert answer.certificate.replay(), (known, str(answer))
    for stratum, answers in decided.items():
        assert sum(answers) >= 0.8 * len(answers), (stratum, sum(answers), len(answers))


def test_no_wrong_answer_and_most_decided():
    _fuzz(seed=11, each=1)


@pytest.mark.slow
def test_two_thousand_inequalities():
    _fuzz(seed=12, each=34)


@pytest.mark.parametrize(("inequality", "domain", "holds"), [
    (X <= X**2, {X: (1, 10**400)}, True), (X**2 <= X, {X: (1, 10**400)}, False),
    (sp.log(X) <= X / 2, {X: (Fraction(1, 10**400), 10**400)}, True), (X**T <= 1, {X: (0, 50), T: 1000}, False),
])
def test_numbers_beyond_doubles(inequality, domain, holds):
    answer = decide(inequality, domain)
    assert (answer.proved, answer.refuted) == (holds, not holds) and str(answer)


@pytest.mark.parametrize(("low", "high"), [
    (Fraction(1, 10**400), Fraction(1)), (Fraction(1), Fraction(10**400)), (Fraction(10**399), Fraction(10**400)),
    (Fraction(1, 10**400), Fraction(1, 10**399)), (Fraction(-(10**400)), Fraction(1))])
def test_ranges_beyond_doubles_are_cut_inside(low, high):
    assert low < box_of((X,), {X: (low, high)}).middle(0) < high


@pytest.mark.parametrize(("difference", "truth"), [
    (1 / sp.sqrt(n) - 1 / n, True), (n**sp.Rational(1, 3) - n**sp.Rational(1, 4), True),
    (n**-2 - n**sp.Rational(-5, 2), True),
    (A / sp.sqrt(n) - A / n, True), (1 / n - 1 / sp.sqrt(n), False), (n**-2 + 1 / n - 1 / sp.sqrt(n), False),
    (sp.sqrt(A) - A - 1 / n, False)])
def test_powers_of_one_symbol_are_compared(difference, truth):
    found = decide(difference >= 0, {A: (0, 1)} if difference.has(A) else {})
    assert (found.proved, found.refuted) == (truth, not truth), found
    assert not truth or found.certificate.replay()
    if truth:
        certificate = _certificate(difference >= 0, {A: (0, 1)} if difference.has(A) else {}, ByReduction)
        lost = replace(certificate.reduction, factors=certificate.reduction.factors[1:])
        assert not replace(certificate, reduction=lost).replay()


def test_an_empty_range_of_integers_is_told_in_plain_words():
    with pytest.raises(InvalidArgumentError, match=r"must be a nonempty range in \[1, oo\)$"):
        decide(n >= 2, {n: (10, 5)})
