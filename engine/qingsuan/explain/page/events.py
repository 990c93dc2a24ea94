"""What a reader looks for along a year: where a deductible was taken, a further band entered, a limit or a cap reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from qingsuan.explain.document import Claim, Layer
from qingsuan.messages import Words

__all__ = ["Event", "Kind", "events_of"]

Kind = Literal["deductible", "band", "cap"]


@dataclass(frozen=True, slots=True)
class Event:
    """One of them.

    Attributes
    ----------
    number : the claim's place in the year.
    date : its benefit date, as ISO text.
    kind : "deductible", "band", or "cap" for caps and limits.
    what : in words.
    layer, fund : where.
    amount_fen : the deductible that was taken, the bound that was passed, the limit or cap that was reached.
    """

    number: int
    date: str
    kind: Kind
    what: str
    layer: str
    fund: str
    amount_fen: int


def events_of(claim: Claim, words: Words) -> Iterator[Event]:
    """The events of one claim, layer by layer."""
    for layer in claim.layers:
        for kind, what, amount_fen in _of_layer(layer, words):
            yield Event(claim.number, str(claim.benefit_date), kind, what, layer.layer, layer.fund, amount_fen)


def _of_layer(layer: Layer, words: Words) -> Iterator[tuple[Kind, str, int]]:
    if layer.deductible is not None and layer.deductible.taken_fen:
        whole = layer.deductible.taken_fen == layer.deductible.left_fen
        said = words.speak("deductible reached") if whole else words.speak("deductible taken in part")
        yield "deductible", said, layer.deductible.taken_fen
    for band in layer.bands.crossed[1:]:
        yield "band", words.speak("further band entered"), band.from_fen
    if layer.limit is not None and layer.limit.binds:
        yield "cap", words.speak("limit on what enters reached"), layer.limit.amount_fen
    for cap in layer.caps:
        if cap.binds and cap.amount_fen is not None:
            yield "cap", words.speak("cap on payment reached"), cap.amount_fen
