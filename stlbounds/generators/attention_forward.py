"""Layers of softmax attention for many replicas at once: every position attends to the examples (theory §8)."""

from __future__ import annotations

import numpy as np

from stlbounds.generators.sampling import FloatArray

__all__ = ["forward", "in_ball"]


def in_ball(tokens: FloatArray) -> FloatArray:
    """The projection onto the unit ball, token by token."""
    norm = np.linalg.norm(tokens, axis=-1, keepdims=True)
    return np.asarray(tokens / np.maximum(norm, 1.0), dtype=float)


def _attended(positions: FloatArray, examples: FloatArray, score: FloatArray, value: FloatArray,
              counts: FloatArray | None) -> FloatArray:
    """``sum_k softmax_k(z' Q z_k) V z_k`` for every position ``z``, example ``k`` being there ``counts_k`` times."""
    mass = positions @ score @ np.swapaxes(examples, -1, -2)
    if counts is not None:
        mass += np.log(counts, out=np.full(counts.shape, -np.inf), where=counts > 0)[..., None, :]
    # In place: these are the largest arrays by far.
    mass -= mass.max(axis=-1, keepdims=True)
    np.exp(mass, out=mass)
    total = mass.sum(axis=-1, keepdims=True)
    return np.asarray((mass @ (examples @ np.swapaxes(value, -1, -2))) / total, dtype=float)


def forward(examples: FloatArray, queries: FloatArray, weights: FloatArray, residual: bool,
            counts: FloatArray | None = None) -> FloatArray:
    """The transformer's outputs at the queries, which see the examples but not each other.

    Parameters
    ----------
    examples : numpy.ndarray
        Of shape ``(R, N, p)``.
    queries : numpy.ndarray
        Of shape ``(R, S, p)``.
    weights : numpy.ndarray
        ``Q``, ``V`` and ``F`` of every layer, of shape ``(L, 3, p, p)``, or ``(R, L, 3, p, p)`` for weights of each
        replica's own; ``F`` is used with residual branches only.
    residual : bool
        Whether layers are ``proj(z + attention)`` and then ``proj(z + F z)``.
    counts : numpy.ndarray, optional
        How often each example is there, of shape ``(R, N)``, not all 0; once by default.

    Returns
    -------
    numpy.ndarray
        Of shape ``(R, S, p)``.

    References
    ----------
    Theory §8.

    Examples
    --------
    >>> still = np.zeros((1, 3, 1, 1))
    >>> still[:, 1] = 1.0
    >>> forward(np.array([[[0.5], [0.1]]]), np.array([[[0.3], [0.0]]]), still, residual=False).tolist()
    [[[0.3], [0.3]]]
    """
    count, layers = examples.shape[1], weights.shape[-4]
    states = np.concatenate([examples, queries], axis=1)
    for layer in range(layers):
        score, value, block = (weights[..., layer, kind, :, :] for kind in range(3))
        # Nobody looks at the examples behind the last layer.
        positions = states[:, count:] if layer == layers - 1 else states
        new = _attended(positions, states[:, :count], score, value, counts)
        if residual:
            new = in_ball(positions + new)
            new = in_ball(new + new @ np.swapaxes(block, -1, -2))
        states = new
    return states if layers else np.asarray(states[:, count:], dtype=float)
