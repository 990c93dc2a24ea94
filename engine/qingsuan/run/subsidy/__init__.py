"""Settlement 2 over whole files: heads counted, the subsidy split, its run folder written."""

from qingsuan.run.subsidy.subsidy import TABLES, Finished, Request, run_subsidy

__all__ = ["TABLES", "Finished", "Request", "run_subsidy"]
