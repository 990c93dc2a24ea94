"""Where values come from (依据): ``[sources]`` of a parameter file, and the keys by which tables cite them."""

from __future__ import annotations

from collections.abc import Mapping

from qingsuan.policy.model import GRADES, Source
from qingsuan.policy.strict import Table
from qingsuan.policy.toml.told import did_you_mean, either

__all__ = ["cite", "read_sources"]


def read_sources(root: Table) -> dict[str, Source]:
    """Read ``[sources.KEY]``: document, article, grade (依据), and ``owner`` if there is one.

    A document that several sources name may stand once under ``[documents]``, with its title, grade and
    owner; a source then has the key of the document instead of its title, and no grade.

    Raises
    ------
    PolicyError
        A field is missing, a document is named by nobody, or the grade does not exist. Grade D (unverified) is refused by
        name: it is never used.
    """
    documents = {
        key: (table.text("title"), _grade(table), _owner(table))
        for key, table in root.named_tables("documents").items()
    }
    sources, named = {}, set()
    for key, table in root.named_tables("sources").items():
        document = table.text("document")
        named.add(document)
        if document in documents:
            title, grade, answers = documents[document]
            if table.has("grade"):
                do = "take the grade out: it is that of the document"
                table.refuse("grade", found="a grade beside a document of [documents]", expected="one grade", do=do)
        else:
            if documents and not table.has("grade") and (hint := did_you_mean(document, documents)):
                table.refuse("document", found=f'no document "{document}"', expected=either(documents), do=hint)
            title, grade, answers = document, _grade(table), ""
        sources[key] = Source(key, title, table.text("article"), grade, _owner(table) or answers)
    for key in documents:
        if key not in named:
            do = "take it out, or name it where it was meant to be used"
            root.refuse(
                f"documents.{key}", found="this document is used nowhere", expected="a document of a source", do=do
            )
    return sources


def _owner(table: Table) -> str:
    return table.text("owner") if table.has("owner") else ""


def _grade(table: Table) -> str:
    if table.has("grade") and table.text("grade") == "D":
        table.refuse(
            "grade",
            found='grade "D": unverified',
            expected=either(GRADES),
            do="a value nobody has verified is not written: find its document, or leave it out under [[missing]]",
        )
    return table.choice("grade", GRADES)


def cite(table: Table, sources: Mapping[str, Source], *, must: bool = True) -> str:
    """Read ``source`` and ``reading`` of a table: ``"X1"``, ``"X1, R1"``; empty if absent and not ``must``.

    Raises
    ------
    PolicyError
        A source is missing, or not among ``[sources]``.
    """
    if not must and not table.has("source"):
        if table.has("reading"):
            table.refuse("reading", found="a reading without a source", expected="the key source", do="add source = …")
        return ""
    if not table.has("source"):
        table.refuse(
            "source",
            found="this key is missing",
            expected=f"the key source: {either(sources)}",
            do="say where it is from",
        )
    keys = [("source", table.text("source"))]
    if table.has("reading"):
        keys.append(("reading", table.text("reading")))
    for name, key in keys:
        if key not in sources:
            hint = did_you_mean(key, sources) or f"add [sources.{key}]"
            table.refuse(name, found=f'no source "{key}"', expected=f"a key of [sources]: {either(sources)}", do=hint)
    return ", ".join(key for _, key in keys)
