"""The one place that states the version of stlbounds."""

__version__ = "0.1.0"
