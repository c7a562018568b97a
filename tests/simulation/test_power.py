"""Power statements from rows with known thresholds."""

from __future__ import annotations

import math

import pytest

from stlbounds.simulation.power import power
from stlbounds.simulation.result import Comparison, TermPower


def row(part: str, claimed: float, threshold: float | None) -> Comparison:
    factor = None if threshold is None else claimed / threshold
    return Comparison(part, "", claimed, 0.0, 0.0, 0.0, "consistent", factor, threshold)


TERMS = {"drift": 0.4, "bias": 0.1, "concentration": 1.5}


def test_the_first_verdict_to_turn_counts() -> None:
    rows = [row("bound", 2.0, 1.7), row("drift", 0.4, 0.05), row("drift + bias", 0.5, None),
            row("concentration", 1.5, 1.4)]
    found = {part.term: part for part in power(TERMS, rows)}
    # Without the others the bound stays above 1.7 until the drift is 0.1, twice the threshold of its own part.
    assert (found["drift"].factor, found["drift"].through) == (pytest.approx(4.0), "bound")
    rest = found["concentration"]
    assert (rest.factor, rest.through) == (pytest.approx(1.5 / 1.4), "concentration")
    # The other terms alone are above every threshold.
    assert (found["bias"].factor, found["bias"].through) == (None, "")


def test_the_bias_is_seen_through_the_mean() -> None:
    (drift, bias, rest) = power(TERMS, [row("drift + bias", 0.5, 0.48)])
    assert drift.factor == pytest.approx(0.4 / 0.38) and bias.factor == pytest.approx(0.1 / 0.08)
    assert rest.factor is None


def test_terms_without_a_part_and_claims_without_terms() -> None:
    assert power({"bound": 2.0}, [row("bound", 2.0, 1.0)]) == ()
    (other,) = power({"other": 1.0}, [row("bound", 1.0, 0.25)])
    assert other == TermPower("other", 1.0, 4.0, "bound")


def test_what_was_seen_has_a_factor_below_one_and_the_infinite_is_told() -> None:
    (seen,) = power({"drift": 0.1}, [row("drift", 0.1, 0.2)])
    assert seen.factor == 0.5
    (zero,) = power({"drift": 0.0}, [row("drift", 0.0, 0.2)])
    assert zero.factor == 0.0
    rows = [row("bound", math.inf, 0.5), row("drift", math.inf, 0.1)]
    drift, rest = power({"drift": math.inf, "concentration": 1.0}, rows)
    assert drift.factor == math.inf and rest.factor is None
    assert drift.to_dict() == {"term": "drift", "claimed": None, "factor": None, "through": "drift"}
    assert "drift by inf" in str(drift) and "concentration even if it were 0" in str(rest)
