"""The network: models, what flows between them, its loop gain, and the questions that only its matrices answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import sympy as sp

from stlbounds.errors import InvalidArgumentError, MetricError, SymbolError, UndecidedError
from stlbounds.generators.base import Generator
from stlbounds.interval.signs import is_nonnegative
from stlbounds.learners.base import UniformlyStable
from stlbounds.matrices import power_sum_entry
from stlbounds.proof.claim import RESERVED
from stlbounds.proof.metric import Metric
from stlbounds.proof.rules.basic import DEFINABLE
from stlbounds.proof.wiring import Wiring
from stlbounds.symbols import N, b, check_symbols, exact, i, n

if TYPE_CHECKING:
    from pathlib import Path

    from stlbounds.networks.bound import JointBound, NetworkBound
    from stlbounds.networks.simulation import NetworkRun

__all__ = ["Model", "Network"]


@dataclass(frozen=True)
class Model:
    """One model of a network: its generator, the learner that is judged on its data, and the size of its training sets.

    Parameters
    ----------
    generator : Generator
        Its metric, sensitivity and learning error; constants that use ``N`` are taken at `size`.
    learner : UniformlyStable, optional
        By default ``beta_N = b/N`` with loss constant ``M``, in the generator's metric.
    size : sympy.Expr or int
        ``n_a >= 1``, by default ``n``.
    name : str, optional
        By default its number, from 1 on.
    """

    generator: Generator
    learner: UniformlyStable | None = None
    size: Any = n
    name: str = ""


def _size(value: Any) -> sp.Expr:
    size = exact("size", value)
    check_symbols(size)
    if size.free_symbols & {N, *RESERVED, *DEFINABLE} or not is_nonnegative(size - 1):
        raise InvalidArgumentError("size", size, "provably at least 1, in n and symbols of your own")
    return size


def _paths(matrix: Any) -> Any:
    """Whether the first model is fed by the second one over some path, itself included, as a matrix."""
    import numpy as np

    paths = (np.asarray(matrix) > 0) | np.eye(len(matrix), dtype=bool)
    for _ in range(len(matrix)):
        paths = paths @ paths
    return paths


class Network:
    r"""Several models, each trained on real data and on the last outputs of the models that feed it (theory §10).

    Generation 0 of model ``a`` trains on ``n_a`` real points. Generation ``j >= 1`` trains on ``alpha_a n_a`` real
    points and on ``p_ab n_a`` new points of the last output of each model ``b``, ``alpha_a = 1 - sum over b of p_ab``.
    Every model has real points of its own.

    Parameters
    ----------
    models : sequence of Model
        At least one. Their generators must live in one metric.
    flows : square matrix of sympy.Expr or numbers
        ``p_ab >= 0`` in row ``a`` and column ``b``, with row sums provably at most 1.
    real : {"fresh", "replay"}
        Whether the real points of a model are drawn anew in every generation, or kept.

    Raises
    ------
    InvalidArgumentError
        If shapes do not fit, or a flow is not provably a proportion.
    MetricError
        If the models live in different metrics.

    References
    ----------
    Theory §10.

    Examples
    --------
    The first model sees no real data, and yet nothing is amplified:

    >>> import sympy as sp
    >>> import stlbounds as stl
    >>> model = Model(stl.generators.Categorical(20), stl.learners.BrierFit())
    >>> network = Network([model, model], [[0, 1], [sp.Rational(1, 2), 0]])
    >>> network.loop_gain, network.real
    (sqrt(2)/2, (0, 1/2))
    >>> bound = network.high_probability(0)
    >>> [round(bound.evaluate(n=100_000, i=i, delta=0.05), 4) for i in (0, 5, 1000)]
    [0.0215, 0.052, 0.0558]
    """

    def __init__(self, models: Sequence[Model], flows: Any, real: Literal["fresh", "replay"] = "fresh") -> None:
        self.models = tuple(models)
        if not self.models or not all(isinstance(model, Model) for model in self.models):
            raise InvalidArgumentError("models", models, "a nonempty sequence of stlbounds.networks.Model")
        if real not in ("fresh", "replay"):
            raise InvalidArgumentError("real", repr(real), "'fresh' or 'replay'")
        rows = [[exact("flows", entry) for entry in row]
                for row in (flows.tolist() if hasattr(flows, "tolist") else flows)]
        count = len(self.models)
        if len(rows) != count or any(len(row) != count for row in rows):
            raise InvalidArgumentError("flows", flows, f"a matrix of {count} rows and columns, one for each model")
        self.flows = sp.ImmutableMatrix(count, count, [entry for row in rows for entry in row])
        self.names = tuple(model.name or str(k) for k, model in enumerate(self.models, start=1))
        if len(set(self.names)) < count:
            raise InvalidArgumentError("models", ", ".join(self.names), "such that no two have one name")
        self.sizes = tuple(_size(model.size) for model in self.models)
        self.learners = tuple(model.learner or UniformlyStable(b / N, metric=model.generator.metric)
                              for model in self.models)
        self._check()
        self.wiring = Wiring(self.names, self.sizes, self.flows, self.real, real == "replay")

    def _check(self) -> None:
        if len({model.generator.metric for model in self.models}) > 1:
            raise MetricError("the models of a network move the data of one space; state their constants in one metric")
        for learner, name in zip(self.learners, self.names, strict=True):
            if not learner.metric.covers(self.metric):
                raise MetricError(f"the learner of model {name} is known to be stable in the {learner.metric.value} "
                                  f"metric only, but the generators live in the {self.metric.value} metric")
        for entry in self.flows:
            check_symbols(entry)
            if entry.free_symbols & {n, *RESERVED, *DEFINABLE}:
                raise SymbolError(f"the flow {entry} contains a symbol that the library fills in; use another one")
            if not is_nonnegative(entry):
                raise InvalidArgumentError("flows", entry, "provably nonnegative", "it is a share of a training set")
        for name, share in zip(self.names, self.real, strict=True):
            if not is_nonnegative(share):
                raise InvalidArgumentError("flows", 1 - share, "at most 1 in every row, provably",
                                           f"what model {name} takes from all models is a part of its training sets")

    # --- matrices ------------------------------------------------------------------------------------
    @property
    def metric(self) -> Metric:
        """The metric that all generators live in."""
        return self.models[0].generator.metric

    @cached_property
    def real(self) -> tuple[sp.Expr, ...]:
        """``alpha_a``: the proportion of real data of each model."""
        left = (sp.expand(1 - sum(self.flows.row(a))) for a in range(len(self.models)))
        return tuple(share if is_nonnegative(share) else sp.factor(share) for share in left)

    @cached_property
    def sensitivities(self) -> tuple[sp.Expr, ...]:
        """``kappa_a``, at the size of the model's training sets."""
        return tuple(model.generator.sensitivity.subs(N, size)
                     for model, size in zip(self.models, self.sizes, strict=True))

    @cached_property
    def gain_matrix(self) -> sp.ImmutableMatrix:
        """``H``: how displacements pass from generation to generation, ``H_ab = (n_a/n_b) p_ab kappa_b``."""
        count = range(len(self.models))
        relative = [kappa / size for kappa, size in zip(self.sensitivities, self.sizes, strict=True)]
        return sp.ImmutableMatrix([[self.sizes[a] * self.flows[a, c] * relative[c] for c in count] for a in count])

    @cached_property
    def loop_gain(self) -> sp.Expr:
        """The spectral radius of ``diag(kappa) P``: below 1 the network forgets a perturbation (theory §10).

        Raises
        ------
        UndecidedError
            If it has no simple closed form; `gain` gives its value.
        """
        matrix = sp.ImmutableMatrix([[self.flows[a, c] * self.sensitivities[c] for c in range(len(self.models))]
                                     for a in range(len(self.models))])
        if matrix.rows == 1:
            return matrix[0, 0]
        if matrix.rows == 2:
            one, other = matrix[0, 0], matrix[1, 1]
            return sp.expand(one + other) / 2 + sp.sqrt((one - other) ** 2 + 4 * matrix[0, 1] * matrix[1, 0]) / 2
        variable = sp.Dummy("x")
        # Multiplied out, and lowest powers last; the leading one has the coefficient 1.
        whole = sp.Poly(sp.expand((variable * sp.eye(matrix.rows) - matrix).det(method="berkowitz")), variable)
        (top, _), *rest = [(power, coefficient) for (power,), coefficient in whole.terms()]
        if not rest:
            return sp.S.Zero
        cycle = sp.factor(-rest[0][1])
        if len(rest) == 1 and is_nonnegative(cycle):
            # x**m - c times a power of x: all cycles have one length.
            return cycle ** sp.Rational(1, top - rest[0][0])
        raise UndecidedError("the spectral radius of this network has no simple closed form; network.gain(...) "
                             "evaluates it")

    @property
    def sufficient_gain(self) -> sp.Expr:
        """``max of kappa_a (1 - alpha_a)``, an upper bound on the loop gain that each model knows its part of."""
        return sp.Max(*(kappa * (1 - share) for kappa, share in zip(self.sensitivities, self.real, strict=True)))

    def gain(self, **values: Any) -> float:
        """The loop gain as a number, for any number of models; `values` are those of its symbols."""
        return max(gain for _, gain in self._cycles(self._numbers(self.gain_matrix, values)))

    def regime(self, **values: Any) -> str:
        """``"forgets"``, ``"keeps"`` or ``"amplifies"`` a perturbation, by the loop gain below, at or above 1.

        Where cycles of models with gain 1 feed other such cycles, a perturbation grows as well, like a power of ``i``.
        """
        import numpy as np

        matrix = self._numbers(self.gain_matrix, values)
        cycles = self._cycles(matrix)
        gain = max(gain for _, gain in cycles)
        if abs(gain - 1) >= 1e-9:
            return "forgets" if gain < 1 else "amplifies"
        critical = [members for members, own in cycles if own >= 1 - 1e-9]
        paths = _paths(matrix)
        chained = any(paths[np.ix_(one, other)].any() for one in critical for other in critical if one is not other)
        return "amplifies" if chained else "keeps"

    @staticmethod
    def _cycles(matrix: Any) -> list[tuple[list[int], float]]:
        """Models that feed each other over some path, with their own gain: a simple root, hence well-conditioned."""
        import numpy as np

        paths = _paths(matrix)
        mutual = paths & paths.T
        groups = sorted({tuple(np.flatnonzero(row).tolist()) for row in mutual})
        return [(list(group), float(np.abs(np.linalg.eigvals(matrix[np.ix_(group, group)])).max())) for group in groups]

    def reaches_real_data(self) -> bool:
        """Whether every model takes real data, or is fed over some path by one that does: then the drift is bounded."""
        reached = {a for a, share in enumerate(self.real) if share.is_zero is not True}
        while True:
            more = {a for a in range(len(self.models)) if any(self.flows[a, c].is_zero is not True for c in reached)}
            if more <= reached:
                return len(reached) == len(self.models)
            reached |= more

    def _numbers(self, matrix: sp.Matrix, values: Mapping[str, Any]) -> Any:
        import numpy as np

        missing = sorted(symbol.name for symbol in matrix.free_symbols if symbol.name not in values)
        if missing:
            raise InvalidArgumentError(", ".join(missing), "missing", "given", "the gains of the network depend on it")
        filled = matrix.subs({symbol: values[symbol.name] for symbol in matrix.free_symbols})
        return np.array(filled.tolist(), dtype=float)

    def index(self, model: int | str) -> int:
        """The position of a model, given by its position or its name."""
        if isinstance(model, str) and model in self.names:
            return self.names.index(model)
        if isinstance(model, int) and not isinstance(model, bool) and 0 <= model < len(self.models):
            return model
        raise InvalidArgumentError("model", repr(model), f"a position below {len(self.models)} or one of "
                                                         f"{', '.join(self.names)}")

    def drift(self, model: int | str) -> sp.Expr:
        """``E W(D_0, D^a_i) <= (sum over m < i of P**m e)_a``, for learning errors ``e`` (theory §10)."""
        errors = [part.generator.learning_error for part in self.models if part.generator.learning_error is not None]
        if len(errors) < len(self.models):
            raise InvalidArgumentError("models", "a generator without learning error", "such that each states one")
        a = self.index(model)
        return sp.Add(*(power_sum_entry(i, a, c, *self.flows) * error.subs(N, self.sizes[c])
                        for c, error in enumerate(errors)))

    # --- what is asked of it -------------------------------------------------------------------------
    def high_probability(self, model: int | str) -> NetworkBound:
        """The bound on the gap of one model, with probability at least ``1 - delta``."""
        from stlbounds.networks.bound import NetworkBound

        return NetworkBound(self, self.index(model), "high-probability")

    def in_expectation(self, model: int | str) -> NetworkBound:
        """The bound on ``|E g|`` of one model."""
        from stlbounds.networks.bound import NetworkBound

        return NetworkBound(self, self.index(model), "expectation")

    def all_at_once(self) -> JointBound:
        """The bounds of all models, which hold together with probability at least ``1 - delta`` (union bound)."""
        from stlbounds.networks.bound import JointBound

        return JointBound(self)

    def simulate(self, generations: int, replicas: int = 1000, seed: int = 0, distribution: Any = None,
                 **values: Any) -> NetworkRun:
        """Run the network for real; see `stlbounds.networks.simulation.simulate`."""
        from stlbounds.networks.simulation import simulate

        return simulate(self, generations, replicas, seed, distribution, **values)

    def picture(self, path: str | Path, **values: Any) -> Path:
        """Draw the network with its gains into a file (needs the extra ``plot``); see `stlbounds.networks.picture`."""
        from stlbounds.networks.picture import draw

        return draw(self, path, **values)

    def __repr__(self) -> str:
        return f"<Network of {len(self.models)} models: {', '.join(self.names)}; flows {self.flows.tolist()}>"
