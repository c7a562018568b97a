"""Every generator with every learner of the catalogue: metrics that must not mix, shared seeds, proofs of the rest."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.bound import Bound
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS, THEOREMS
from stlbounds.errors import AssumptionError, MetricError, UndecidedError
from stlbounds.parsing import parse_expression
from stlbounds.symbols import entry

PAIRS = [(generator, learner) for generator in GENERATORS for learner in LEARNERS]


def parameter(name: str) -> Any:
    return [sp.Rational(1, 2), sp.Rational(2, 5)] if name == "alphas" else entry(name).symbol


@cache
def made(kind: str, name: str) -> Any:
    """Each object once: their claims are shared by all pairs."""
    return {"generator": GENERATORS, "learner": LEARNERS}[kind][name].make(parameter)


def setting(generator: str, learner: str) -> stl.Setting:
    return stl.Setting(LOOPS["fixed-mix"].make(parameter, None), made("generator", generator),
                       made("learner", learner))


def forbidden(generator: str, learner: str) -> bool:
    """A generator that moves all points a little, with a learner that is known for one-point changes only."""
    return made("generator", generator).metric is stl.EUCLIDEAN and made("learner", learner).metric is stl.DISCRETE


@pytest.mark.parametrize("generator", GENERATORS)
def test_mixtures_of_metrics_are_refused_with_the_reason(generator):
    for learner in LEARNERS:
        if forbidden(generator, learner):
            with pytest.raises(MetricError, match="stable in the discrete metric only") as caught:
                setting(generator, learner)
            for part in (made("generator", generator).name, made("learner", learner).name, "moves all points a little"):
                assert part in str(caught.value)
        else:
            assert setting(generator, learner).learner is made("learner", learner)


def test_both_sides_of_the_rule_occur():
    outcomes = [forbidden(*pair) for pair in PAIRS]
    # Some Euclidean-stable learner stands beside a discrete generator, which is fine.
    fine = [(g, le) for g, le in PAIRS if made("generator", g).metric is stl.DISCRETE
            and made("learner", le).metric is stl.EUCLIDEAN]
    assert outcomes.count(True) >= 30 and outcomes.count(False) >= 60 and len(fine) >= 10


@pytest.mark.slow
@pytest.mark.parametrize("generator", [name for name in GENERATORS if name.startswith("sgd")])
def test_a_shared_seed_refuses_what_holds_with_high_probability(generator):
    twin = generator.replace("sgd", "gradient")
    assert made("generator", generator).shared_seed and not made("generator", twin).shared_seed
    refused = set()
    for theorem in THEOREMS:
        # What a theorem claims is read off a generator that has a seed for each point.
        try:
            bound = Bound(setting(twin, "uniformly-stable-euclidean"), theorem)
        except (AssumptionError, UndecidedError):
            continue
        # Fluctuations of any kind need points that are independent given the past, the mean of their size included.
        fluctuates = bound.failure_probability != 0 or "concentration" in bound.terms
        for learner in LEARNERS:
            if fluctuates and not forbidden(generator, learner):
                refused.add(theorem)
                with pytest.raises(AssumptionError, match="seed serves a whole generation"):
                    Bound(setting(generator, learner), theorem)
    assert {"high-probability", "expected-gap"} <= refused and not {"expectation", "expected-excess"} & refused


def test_only_runs_of_descent_share_a_seed():
    shared = [name for name in GENERATORS if made("generator", name).shared_seed]
    assert shared == ["sgd-trained", "sgd-trained-discrete"]


@pytest.mark.slow
@pytest.mark.parametrize("generator", GENERATORS)
def test_all_other_pairs_have_a_proof(generator):
    for learner in LEARNERS:
        if forbidden(generator, learner):
            continue
        bound = stl.in_expectation(setting(generator, learner))
        verification = bound.proof.verify()
        assert verification.steps > 20, (generator, learner)
        assert bound.failure_probability == 0
        # Whatever the models need granted is on the list of assumptions of the bound.
        needed = {claim.lhs for part in (made("generator", generator).sensitivity_claim(),
                                         made("learner", learner).stability_claim())
                  for claim in stl.Proof(part).assumptions()}
        listed = {claim.lhs for claim in bound.assumptions}
        assert {type(lhs) for lhs in needed} <= {type(lhs) for lhs in listed}, (generator, learner)


@pytest.mark.slow
@pytest.mark.usefixtures("patient_parser")
@pytest.mark.parametrize("loop", LOOPS)
def test_bounds_read_back_from_their_text(loop):
    """For every generator that fits the loop: whatever a bound contains, the parser knows."""
    read = 0
    for name, item in GENERATORS.items():
        try:
            bound = stl.expected_gap(stl.Setting(LOOPS[loop].make(parameter, None), made("generator", name),
                                                 made("learner", item.learner)))
        except (AssumptionError, UndecidedError):
            continue
        for expression in (bound.expr, bound.amplification, bound.recursive_stability, bound.loop_gain):
            assert parse_expression(str(expression)) == expression, (loop, name)
            read += 1
    assert read >= 20
