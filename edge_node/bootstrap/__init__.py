"""The parts of the node put together; nobody else knows them all."""

from edge_node.bootstrap.listening import PortBusyError
from edge_node.bootstrap.node import serve

__all__ = ["PortBusyError", "serve"]
