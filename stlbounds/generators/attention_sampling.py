"""Transformers that learn in context, run as loops: tokens of an input and an output, and laws of them that are exact.

A token is ``(x, y)`` in the unit ball: an input ``x``, one of finitely many points on a circle, and an output ``y`` in
``[-h, h]``. A generator reads the training set as its context; a new token is a fresh input with the output of the
model at ``(x, 0)``, plus noise ``+-nu``, cut off at ``+-h``. Reading out a coordinate and cutting off do not expand, so
the sensitivity of theory §8 holds. All inputs are at least ``2 h`` apart, so that an optimal coupling of two laws never
leaves an input: dual potentials that are optimal for each input, centred, differ by at most ``2 h`` and are 1-Lipschitz
together. The Wasserstein distance in all dimensions is the mean over the inputs of that on a line, and exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.attention_forward import forward
from stlbounds.generators.location_sampling import line_distance
from stlbounds.generators.sampling import FloatArray, Sampler

__all__ = ["AttentionSampler", "TokenLaw", "Tokens"]

_DIAMETER = 2.0
_RADIUS = 0.8


def _moments(tokens: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    """Sums (or means) of ``z/2`` and of ``|z/2|**2`` over axis 1, of shape ``(R, p + 1)``."""
    scaled = tokens / _DIAMETER
    both = np.concatenate([scaled, (scaled**2).sum(axis=2, keepdims=True)], axis=2)
    return np.asarray(both.sum(axis=1) if weights is None else np.einsum("rai,a->ri", both, weights), dtype=float)


@dataclass(frozen=True)
class Tokens:
    """A training set: ``points`` of shape ``(R, N, p)``."""

    points: FloatArray

    @property
    def moments(self) -> FloatArray:
        """The sums of the points and of their squared norms, in units of the diameter, of shape ``(R, p + 1)``."""
        return _moments(self.points)


@dataclass(frozen=True)
class TokenLaw:
    """A law of tokens: inputs with equal probability, and outputs that depend on the input.

    Parameters
    ----------
    inputs : numpy.ndarray
        Of shape ``(m, p)``, with 0 for the output.
    outputs : numpy.ndarray
        Of shape ``(R, m, a)``.
    weights : numpy.ndarray
        The probabilities of the outputs of one input, of shape ``(a,)``.
    """

    inputs: FloatArray
    outputs: FloatArray
    weights: FloatArray

    @property
    def moments(self) -> FloatArray:
        """The means of a point and of its squared norm, in units of the diameter, of shape ``(R, p + 1)``."""
        replicas, inputs, atoms = self.outputs.shape
        points = np.broadcast_to(self.inputs[None, :, None], (replicas, inputs, atoms, self.inputs.shape[1])).copy()
        points[..., -1] = self.outputs
        flat = points.reshape(replicas, inputs * atoms, -1)
        return _moments(flat, np.tile(self.weights, inputs) / inputs)


class AttentionSampler(Sampler):
    """A transformer in context with fixed weights ``Q = (omega/2) I``, ``V = I`` and ``F = L_f I`` in every layer.

    Parameters
    ----------
    layers : int
        ``L >= 0``.
    omega : float
        Attention scores lie in ``[-omega/2, omega/2]``.
    feed_forward : float, optional
        ``L_f``, with residual branches; without them by default.
    inputs : int
        The number ``m`` of inputs, from 3 on.
    dimension : int
        ``p``, from 3 on; coordinates that are not used are 0.
    noise : float
        ``nu``, nonnegative.
    amplitude : float
        The output of a real token at the angle ``t`` is ``amplitude * h * cos t`` before the noise; in ``[0, 1]``.

    Raises
    ------
    InvalidArgumentError
        If an argument is out of range.

    References
    ----------
    Theory §8.

    Examples
    --------
    >>> sampler = AttentionSampler(layers=2, omega=0.5)
    >>> sample = sampler.draw(sampler.real(4), 10, np.random.default_rng(0))
    >>> sample.points.shape, sampler.fit(sample, 10).outputs.shape
    ((4, 10, 3), (4, 8, 2))
    """

    def __init__(self, layers: int, omega: float, feed_forward: float | None = None, inputs: int = 8,
                 dimension: int = 3, noise: float = 0.05, amplitude: float = 0.8) -> None:
        for name, value, least in (("layers", layers, 0), ("inputs", inputs, 3), ("dimension", dimension, 3)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
                raise InvalidArgumentError(name, value, f"an integer of at least {least}")
        for name, number in (("omega", omega), ("feed_forward", feed_forward or 0.0), ("noise", noise)):
            if not (math.isfinite(number) and number >= 0):
                raise InvalidArgumentError(name, number, "finite and nonnegative")
        if not 0 <= amplitude <= 1:
            raise InvalidArgumentError("amplitude", amplitude, "in [0, 1]")
        angles = 2 * np.pi * np.arange(inputs) / inputs
        self.inputs = np.zeros((inputs, dimension))
        self.inputs[:, 0], self.inputs[:, 1] = _RADIUS * np.cos(angles), _RADIUS * np.sin(angles)
        # Half the distance of neighbours, and within the ball.
        self.half_width = min(_RADIUS * math.sin(math.pi / inputs), math.sqrt(1 - _RADIUS**2))
        # Laws differ in outputs only, which are at most this far apart in units of the diameter.
        self.reach = 2 * self.half_width / _DIAMETER
        self.noise, self.residual = float(noise), feed_forward is not None
        self.target = amplitude * self.half_width * np.cos(angles)
        scales = np.array([omega / 2, 1.0, feed_forward or 0.0])
        matrices = scales[:, None, None] * np.eye(dimension)
        self.weights = np.broadcast_to(matrices, (layers, *matrices.shape))

    def _law(self, outputs: FloatArray) -> TokenLaw:
        both = np.stack([outputs - self.noise, outputs + self.noise], axis=-1)
        return TokenLaw(self.inputs, np.clip(both, -self.half_width, self.half_width), np.array([0.5, 0.5]))

    def real(self, replicas: int) -> TokenLaw:
        return self._law(np.tile(self.target, (replicas, 1)))

    def draw(self, law: TokenLaw, size: int, rng: np.random.Generator) -> Tokens:
        replicas, inputs, atoms = law.outputs.shape
        if law.weights.tolist() != [0.5, 0.5]:
            raise InvalidArgumentError("law", f"{atoms} outputs of one input", "one distribution, not a mixture")
        cells = rng.integers(inputs * atoms, size=(replicas, size))
        points = self.inputs[cells // atoms]
        points[..., -1] = np.take_along_axis(law.outputs.reshape(replicas, -1), cells, axis=1)
        return Tokens(points)

    def join(self, samples: Sequence[Tokens]) -> Tokens:
        return samples[0] if len(samples) == 1 else Tokens(np.concatenate([part.points for part in samples], axis=1))

    def fit(self, sample: Tokens, size: int) -> TokenLaw:
        queries = np.broadcast_to(self.inputs, (len(sample.points), *self.inputs.shape))
        return self._law(forward(sample.points, queries, self.weights, self.residual)[..., -1])

    def deviation(self, mean: float, largest: float, size: float) -> float:
        """The largest distance that there is."""
        return self.reach

    def mix(self, laws: Sequence[TokenLaw], weights: Sequence[float]) -> TokenLaw:
        return TokenLaw(self.inputs, np.concatenate([law.outputs for law in laws], axis=-1),
                        np.concatenate([weight * law.weights for law, weight in zip(laws, weights, strict=True)]))

    def distance(self, first: TokenLaw, second: TokenLaw) -> FloatArray:
        lines = line_distance(first.outputs, first.weights, second.outputs, second.weights)
        return np.asarray(lines.mean(axis=1) / _DIAMETER, dtype=float)

    def numbers(self, size: int) -> int:
        # The attention of all positions to the examples.
        return size * max(self.inputs.shape[1], size + len(self.inputs))
