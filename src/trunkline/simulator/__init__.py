"""Simulated providers with known prices, speed, quality and faults: what a gateway is checked against.
It imports nothing else of trunkline and shares no code with it, so that one mistake cannot stand on both sides.
"""

from trunkline.simulator.ask import Answer, Ask, Tool, ToolCall
from trunkline.simulator.config import Config, ConfigError, load_config, parse_config, read_config
from trunkline.simulator.error_bodies import ErrorBody, error_bodies
from trunkline.simulator.fault_kinds import KINDS as FAULT_KINDS
from trunkline.simulator.faults import Fault
from trunkline.simulator.ground_truth import Entry
from trunkline.simulator.prices import Prices, Tariff, Usage
from trunkline.simulator.provider import Served, SimulatedProvider
from trunkline.simulator.questions import grade
from trunkline.simulator.simulator import Simulator

__all__ = [
    "FAULT_KINDS",
    "Answer",
    "Ask",
    "Config",
    "ConfigError",
    "Entry",
    "ErrorBody",
    "Fault",
    "Prices",
    "Served",
    "SimulatedProvider",
    "Simulator",
    "Tariff",
    "Tool",
    "ToolCall",
    "Usage",
    "error_bodies",
    "grade",
    "load_config",
    "parse_config",
    "read_config",
]
