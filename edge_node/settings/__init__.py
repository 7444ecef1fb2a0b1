"""The node's configuration file: its tables (`sections`) and how it is read (`reading`)."""

from edge_node.settings.reading import Settings, SettingsError, read_settings
from edge_node.settings.sections import MAXIMUM_STREETS, PhoneSection, PrinterSection

__all__ = [
    "MAXIMUM_STREETS",
    "PhoneSection",
    "PrinterSection",
    "Settings",
    "SettingsError",
    "read_settings",
]
