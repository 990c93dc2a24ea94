"""A prepared year: tables in the order of people, written once, one delivery after the other, and found again by key.

This room only stores. It knows Arrow tables with the columns ``psn_no`` and ``setl_id``, files and JSON; what the rows mean, and
what is done with them, is known above it. The format is described in docs/prepared-year.md.
"""

from qingsuan.run.prepared.opened import Delivery, PreparedYear
from qingsuan.run.prepared.writer import DeliveryWriter
from qingsuan.run.prepared.writing import add_delivery, create_year

__all__ = ["Delivery", "DeliveryWriter", "PreparedYear", "add_delivery", "create_year"]
