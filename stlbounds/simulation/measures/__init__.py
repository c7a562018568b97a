"""What can be measured in a loop, one quantity per file, all with a common record."""

from __future__ import annotations

from stlbounds.simulation.measures.bias import BIAS
from stlbounds.simulation.measures.collapse import DIVERSITY, RISK
from stlbounds.simulation.measures.drift import DRIFT, MIXED_DRIFT
from stlbounds.simulation.measures.fluctuation import FLUCTUATION
from stlbounds.simulation.measures.gap import GAP
from stlbounds.simulation.measures.record import Measured, Quantity, summarise
from stlbounds.simulation.measures.stability import INFLUENCE, STABILITY

__all__ = ["QUANTITIES", "Measured", "Quantity", "summarise"]

#: Every quantity by name.
QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (GAP, BIAS, FLUCTUATION, DRIFT, MIXED_DRIFT, RISK, DIVERSITY, INFLUENCE, STABILITY)
}
