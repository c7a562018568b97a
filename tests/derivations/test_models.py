"""Models as a stranger would bring them: constants are attacked, bounds simulated, and wrong constants noticed."""

from __future__ import annotations

import importlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.symbols import N

FOLDER = Path(__file__).resolve().parents[2] / "derivations" / "models"
SHARED = {"shared", "line", "points"}
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in SHARED)

#: By which factor a stated sensitivity may be made smaller until the attack refutes it.
NOTICED = {"dirichlet_unigram": "0.99", "markov_text": "0.99", "temperature": "0.85", "verifier": "0.85",
           "poisson": "0.9", "ridge": "0.1"}


@pytest.fixture(autouse=True)
def _on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


def test_there_are_six():
    assert set(NAMES) == set(NOTICED) and len(NAMES) >= 6


@pytest.mark.parametrize("name", NAMES)
class TestModel:
    """What every model of a stranger must stand up to."""

    def test_is_short_and_proves_its_sensitivity(self, name):
        text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 70
        assert "Proof of" in text.split('"""')[1]

    def test_is_not_in_the_catalogue(self, name):
        generator = load(name).make().setting.generator
        assert type(generator).__name__ not in stl.generators.__all__
        assert isinstance(generator, stl.generators.Generator)

    @pytest.mark.slow
    def test_a_smaller_sensitivity_is_refuted(self, name):
        model = load(name).make()
        assert 0.1 < model.attack() <= 1 + 1e-9
        kappa = model.setting.generator.sensitivity
        wrong = stl.generators.Generator("wrong", model.setting.generator.metric, sp.Rational(NOTICED[name]) * kappa)
        with pytest.raises(load("shared").Refuted, match="too small"):
            replace(model, setting=replace(model.setting, generator=wrong)).attack()

    def test_the_simulation_does_not_contradict_it(self, name):
        # A true bound is called contradicted with probability at most 1e-6.
        assert "not contradicted" in replace(load(name).make(), replicas=200).simulate()

    def test_learning_error_at_generation_0(self, name):
        model = load(name).make()
        sampler = model.setting.generator.sampler({})
        for size in (5, 50):
            real = sampler.real(4000)
            drawn = sampler.draw(real, size, np.random.default_rng(size))
            errors = sampler.distance(real, sampler.fit(drawn, size))
            stated = float(model.setting.generator.learning_error.subs(N, size))
            # Distances are in [0, 1]; by Hoeffding the mean of 4000 is above its expectation by 0.042 with
            # probability 1e-6 at most.
            assert errors.mean() <= stated + 0.042


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_runs_as_a_script(name):
    done = subprocess.run([sys.executable, str(FOLDER / f"{name}.py")], capture_output=True, text=True, timeout=60,
                          env={"PYTHONPATH": str(FOLDER.parents[1]), "PATH": ""}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "agreement" in done.stdout.splitlines()[-1]
