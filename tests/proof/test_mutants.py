"""Every slip in the code of a rule is refused by a scalar check, an exact world, or the derivation itself."""

from __future__ import annotations

import pytest
from mutants import MUTANTS, SURVIVORS, Mutant, outcome

from stlbounds.proof.trusted import CORE_RULES


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.rule}-{mutant.kind}".replace(" ", "-"))
def test_mutant_is_refused(mutant: Mutant) -> None:
    found = outcome(mutant)
    assert found.claims or found.by == "derivation", "the mutated rule was never applied"
    if str(mutant) in SURVIVORS:
        assert not found.by, f"no longer a survivor: {found.by}: {found.detail}"
    else:
        assert found.by, f"{mutant} survives"


def test_the_list_covers_every_rule_and_is_long_enough() -> None:
    assert len(MUTANTS) >= 60
    # Rules of the catalogue are held against enumeration and search in the tests of their models.
    assert {mutant.rule for mutant in MUTANTS} >= {rule.__name__ for rule in CORE_RULES}


def test_few_mutants_survive() -> None:
    assert set(SURVIVORS) <= set(map(str, MUTANTS))
    assert len(SURVIVORS) <= 0.05 * len(MUTANTS)
