"""The sweep on a Dask cluster of this machine: the same rows as on one core, and workers that die."""

from __future__ import annotations

import os

import dask
import pytest
from distributed import Client, LocalCluster
from test_sweep import GRID, SIMULATED, Fragile, make_bound

import stlbounds as stl
from stlbounds.errors import WorkerError
from stlbounds.simulation.workers import completed

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster():
    options = {"distributed.scheduler.allowed-failures": 0, "distributed.admin.low-level-log-length": 0}
    with dask.config.set(options), LocalCluster(n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1",
                                                dashboard_address=None) as made:
        yield made


def test_a_cluster_gives_the_table_of_one_core(cluster):
    bound = make_bound()
    reference = stl.sweep(bound, GRID, **SIMULATED).csv()
    assert stl.sweep(bound, GRID, scheduler=cluster.scheduler_address, **SIMULATED).csv() == reference
    with Client(cluster, set_as_default=False) as client:
        assert stl.sweep(bound, GRID, scheduler=client, **SIMULATED).csv() == reference


def test_a_worker_of_the_cluster_that_dies_is_told_and_the_sweep_continues(cluster, tmp_path):
    bound = make_bound(generator=Fragile(4))
    flag, store = tmp_path / "flag", tmp_path / "rows.jsonl"
    clean = stl.sweep(bound, GRID, distribution=os.fspath(flag), **SIMULATED).csv()
    flag.touch()
    with pytest.raises(WorkerError, match="of the cluster died"):
        stl.sweep(bound, GRID, scheduler=cluster.scheduler_address, store=store, distribution=os.fspath(flag),
                  **SIMULATED)
    flag.unlink()
    again = stl.sweep(bound, GRID, scheduler=cluster.scheduler_address, store=store, distribution=os.fspath(flag),
                      **SIMULATED)
    assert again.csv() == clean


def test_more_tasks_than_are_in_flight_are_all_answered(cluster):
    found = dict(completed(abs, list(range(-60, 0)), scheduler=cluster.scheduler_address))
    assert found == {number: 60 - number for number in range(60)}


def test_no_scheduler_is_told(monkeypatch):
    monkeypatch.setattr("stlbounds.simulation.workers._CONNECT_SECONDS", 0.5)
    with pytest.raises(WorkerError, match="no Dask scheduler answers"):
        stl.sweep(make_bound(), GRID, scheduler="tcp://127.0.0.1:9", **SIMULATED)
