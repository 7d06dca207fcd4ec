"""The networks study: how industries and places are tied, where the cores are, what is next."""

from agglo.studies.networks.options import NetworksOptions
from agglo.studies.networks.study import STUDY

__all__ = ["STUDY", "NetworksOptions"]
