"""The plugin host: discovery, order, identity and execution of plugins."""

from ledger.host.annotations import UnknownAnnotation, decode_annotation
from ledger.host.describe import Problem
from ledger.host.failures import Failure, Limits
from ledger.host.host import Host
from ledger.host.inventory import ActiveProcessor, PluginInfo
from ledger.host.listing import Inventory
from ledger.host.run import Outcome

__all__ = [
    "ActiveProcessor",
    "Failure",
    "Host",
    "Inventory",
    "Limits",
    "Outcome",
    "PluginInfo",
    "Problem",
    "UnknownAnnotation",
    "decode_annotation",
]
