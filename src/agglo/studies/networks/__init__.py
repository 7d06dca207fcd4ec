"""The networks study: how industries and places are tied, where the cores are, what is next."""

from agglo.studies.networks.in_memory import NetworksReport, run_networks_study
from agglo.studies.networks.options import NetworksOptions
from agglo.studies.networks.study import STUDY

__all__ = ["STUDY", "NetworksOptions", "NetworksReport", "run_networks_study"]
