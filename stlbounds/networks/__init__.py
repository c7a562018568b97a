"""Networks of models that are trained on each other's output (theory §10)."""

from stlbounds.networks.bound import JointBound, NetworkBound
from stlbounds.networks.network import Model, Network

__all__ = ["JointBound", "Model", "Network", "NetworkBound"]
