"""The published schema is what the document says of itself."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from qingsuan.explain.document import VERSION
from qingsuan.explain.schema import schema

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "explain.schema.json"


def test_the_published_schema_is_that_of_the_document() -> None:
    found = json.loads(PUBLISHED.read_text("utf-8"))
    Draft202012Validator.check_schema(found)
    assert found == schema(), "docs/explain.schema.json: write qingsuan.explain.schema.schema() there again"


def test_every_field_is_described_and_the_version_is_named() -> None:
    made = schema()
    assert made["$id"].endswith(f":{VERSION}")
    for name, one in made["$defs"].items():
        assert one["description"], name
        assert all(field["description"] for field in one["properties"].values()), name
