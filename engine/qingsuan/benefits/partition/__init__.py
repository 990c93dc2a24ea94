"""What is settled between the rows of a partition: who the person was, what was taken back, which rule holds, what is refused."""

from qingsuan.benefits.partition.partition import Outcome, Settler

__all__ = ["Outcome", "Settler"]
