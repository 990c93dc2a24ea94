# What the compiled module takes and gives; checked by qingsuan.run.inputs.formats.parquet.thrift, its only door.
from typing import Any

def read_struct(data: bytes, at: int, wanted: dict[int, Any] | None) -> tuple[dict[int, Any], int]: ...
