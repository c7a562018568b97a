"""Kernel density estimation on a circle: constants, bias and noise by numeric integration, and several generations."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.generators.kernel_density import KERNELS, DensityVariation, KernelStep, kernel_constants
from stlbounds.proof.quantities import D, Distance, Dmix
from stlbounds.symbols import J, alpha, n

KernelDensity = stl.generators.KernelDensity


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_constants_of_the_kernels(kernel):
    grid = (np.arange(200_000) + 0.5) / 200_000
    (argument,) = KERNELS[kernel].free_symbols or {sp.Dummy()}
    values = np.broadcast_to(sp.lambdify(argument, KERNELS[kernel], "numpy")(grid), grid.shape)
    square, spread = kernel_constants(kernel)
    assert 2 * values.mean() == pytest.approx(1, abs=1e-8)
    assert 2 * (values**2).mean() == pytest.approx(float(square), abs=1e-8)
    assert 2 * (grid * values).mean() == pytest.approx(float(spread), abs=1e-8)
    assert np.all(np.diff(values) <= 0)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("width", [0.1, 0.49, 0.7, 1.0, 1.6, 3.3, 7.0])
def test_a_wrapped_kernel_is_no_rougher_than_its_images_allow(kernel, width):
    """``|wrapped kernel|**2 - 1/I <= |k|**2/b_w``, also where the kernel is wider than the circle."""
    grid = np.arange(4000) / 4000
    density = KernelDensity(kernel, 1, 1, 0).density(np.zeros(1), grid, width, 1.0)
    assert density.mean() == pytest.approx(1, abs=2e-3)
    assert (density**2).mean() - 1 <= float(kernel_constants(kernel)[0]) / width * (1 + 2e-3)


def _step_bound(kernel: str, width: float, rough: float, size: int) -> float:
    claim = KernelStep.apply(protocol=stl.loops.FixedMix(alpha), kernel=kernel, bandwidth=sp.Rational(str(width)),
                             circumference=sp.S.One)
    rhs = claim.rhs.xreplace({Distance(D(0), Dmix(J)): sp.S.Zero, DensityVariation(): sp.Rational(str(rough))})
    return float(rhs.subs(n, size))


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_bias_is_attained_by_a_density_with_a_step(kernel):
    """Uniform data on half of the circle: density 2, two edges, ``TVar = 4``; smoothing moves what is stated."""
    model, width = KernelDensity(kernel, 0.2, 1, 4), 0.2
    grid = (np.arange(2000) + 0.5) / 2000
    real = np.where(grid < 0.5, 2.0, 0.0)
    smoothed = model.density(grid[grid < 0.5], grid, width, 1.0)
    moved = 0.5 * np.abs(smoothed - real).mean()
    stated = _step_bound(kernel, width, 4, 10**18)
    assert moved == pytest.approx(stated, rel=2e-3)
    assert moved > 0.9 * stated


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_noise_of_one_point_needs_most_of_its_constant(kernel):
    """One point on a uniform circle: the kernel is far from the uniform law, more than 60 % of the stated."""
    grid = (np.arange(4000) + 0.5) / 4000
    worst = 0.0
    for width in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6):
        density = KernelDensity(kernel, 1, 1, 0).density(np.array([0.5]), grid, width, 1.0)
        moved, stated = 0.5 * np.abs(density - 1).mean(), _step_bound(kernel, width, 0, 1)
        assert moved <= stated
        worst = max(worst, moved / stated)
    assert worst > 0.6


def test_several_generations_of_kernel_density_stay_below_the_drift():
    """Replace, uniform data: the mean of ``TV(D_0, D_i)`` over 60 runs against ``i e``, far below (no false alarm)."""
    model, size, width = KernelDensity("epanechnikov", 0.2, 1, 0), 30, 0.2
    bound = stl.in_expectation(stl.Setting(stl.loops.Replace(), model, stl.learners.UniformlyStable(0, 1)))
    rng, grid = np.random.default_rng(7), (np.arange(300) + 0.5) / 300
    for generations in (1, 3):
        moved = []
        for _ in range(60):
            points = rng.random(size)
            for _ in range(generations - 1):
                # A draw from the density: a random point, moved by kernel noise (median of three uniform ones).
                shift = np.sort(rng.uniform(-1, 1, (size, 3)), axis=1)[:, 1]
                points = (rng.choice(points, size) + width * shift) % 1.0
            moved.append(0.5 * np.abs(model.density(points, grid, width, 1.0) - 1).mean())
        assert 0.2 * bound.evaluate(n=size, i=generations) < np.mean(moved) < bound.evaluate(n=size, i=generations)
