"""One claim and what became of it, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from qingsuan.explain.document import Claim, Counters, Rejection, Rule, Sums, Waiting, YearEndUse
from qingsuan.explain.names import Names
from qingsuan.explain.text.layer import layer_lines
from qingsuan.explain.text.lines import cells, conditions, indented, sources
from qingsuan.pages.numbers import grouped_yuan, percent

__all__ = ["claim_lines"]


def claim_lines(names: Names, claim: Claim) -> Iterator[str]:
    """The claim as it came, the person, the rule, the layers, the sums, and what is counted."""
    speak = names.words.speak
    head = f"{claim.number}. {speak('settlement')} {claim.setl_id}: {names.outcome(claim.outcome)}"
    if claim.benefit_date is not None:
        head += f"; {speak('benefit date {date}', date=claim.benefit_date)}"
    if claim.pool is not None:
        head += f"; {speak('pool {pool}', pool=names.pool(claim.pool))}"
    yield head
    yield from indented(_parts(names, claim))


def _parts(names: Names, claim: Claim) -> Iterator[str]:
    speak = names.words.speak
    yield f"{speak('The claim as it came')} ({claim.file}, {speak('row {row}', row=claim.row)}): {cells(names, 'claims', claim.claim)}"
    yield from _person(names, claim)
    if claim.rejection is not None:
        yield from _rejection(names, claim.rejection)
    if claim.reversal is not None:
        other = claim.reversal.other_setl_id
        yield (
            speak("This row takes back the settlement {other}.", other=other)
            if claim.reversal.takes_back
            else speak("This settlement was taken back by {other}.", other=other)
        )
        yield speak("Neither of the two counts.")
    if claim.rule is not None:
        yield from _rule(names, claim.rule)
    if claim.waiting is not None:
        yield from _waiting(names, claim.waiting)
    yield from _stay(names, claim)
    for number, layer in enumerate(claim.layers, 1):
        yield from layer_lines(names, number, layer)
    yield from _together(names, claim)
    if claim.year_end is not None:
        yield from _year_end(names, claim.year_end, len(claim.layers) + 1)
    if claim.sums is not None:
        yield from _sums(names, claim, claim.sums)
    for move in claim.counters:
        key = f" {move.key}" if move.key else ""
        yield f"{move.group} {move.period}{key}: {_counters(names, move.before)} → {_counters(names, move.after)}"
    if claim.outcome != "rejected" or claim.insured or not claim.agrees:
        yield from _agreement(names, claim)


def _stay(names: Names, claim: Claim) -> Iterator[str]:
    """What the earlier settlements of the same stay came to."""
    if claim.stay is None:
        return
    yield f"{names.words.speak('Earlier settlements of the same stay')} {claim.stay.mdtrt_id}:"
    for name, counters in claim.stay.layers.items():
        yield f"  {name}: {_counters(names, counters)}"


def _person(names: Names, claim: Claim) -> Iterator[str]:
    speak = names.words.speak
    for insured in claim.insured:
        yield f"{speak('insured')}: {cells(names, 'insured', insured.row)}: {names.reason(insured.why)}"
    for identity in claim.identities:
        classes = ", ".join(identity.classes)
        named = f" ({classes})" if classes else ""
        yield f"{speak('identity')}: {cells(names, 'identities', identity.row)}{named}: {names.reason(identity.why)}"
    for one in claim.registrations:
        yield f"{speak('registration')}: {cells(names, 'registrations', one.row)}: {names.reason(one.why)}"
    if claim.identity_date is not None and (claim.identities or claim.registrations):
        yield speak("Identities and registrations are read on {date}", date=claim.identity_date)


def _rejection(names: Names, one: Rejection) -> Iterator[str]:
    speak = names.words.speak
    yield f"{one.code}: {one.says}"
    yield f"  {speak('column')}: {one.column}"
    yield f"  {speak('found')}: {one.found}"
    yield f"  {speak('expected')}: {one.expected}"
    if one.missing is not None:
        yield f"  {speak('A number that is not known')}: {one.missing.parameter}"
        yield f"    {one.missing.why}"
        yield from indented(indented(conditions(names, one.missing.conditions)))
    if one.rules:
        yield f"  {speak('Which rules there are, and what of each is not met')}"
        for rule in one.rules:
            yield f"    {rule.rule_id}"
            unmet = [condition for condition in rule.conditions if not condition.met]
            yield from indented(indented(indented(conditions(names, unmet))))


def _rule(names: Names, rule: Rule) -> Iterator[str]:
    speak = names.words.speak
    force = speak("in force from {date}", date=rule.effective)
    until = "" if rule.until is None else f", {speak('until {date}', date=rule.until)}"
    yield f"{speak('The rule that decided')}: {rule.rule_id} ({rule.title}; {rule.file}; {force}{until})"
    yield from indented(conditions(names, rule.conditions))
    yield from indented(sources(names, rule.sources or rule.set_sources))
    if rule.overrides:
        yield f"  {speak('It goes before rules that match, too:')} {', '.join(rule.overrides)}"
    if rule.own_fen:
        said = speak(
            "Of what is in policy scope {ratio} enters: {entered}. {own} is the person's own.",
            ratio=percent(rule.entry_bp),
            entered=grouped_yuan(rule.entered_fen),
            own=grouped_yuan(rule.own_fen),
        )
        yield f"  {said}"


def _waiting(names: Names, waiting: Waiting) -> Iterator[str]:
    speak = names.words.speak
    said = speak("No fund pays for this visit.") if waiting.holds else speak("It does not hold for this claim.")
    yield f"{speak('Waiting period')}: {speak('It lasts until {date}.', date=waiting.until)} {said}"
    yield from indented(sources(names, waiting.sources))
    for one in waiting.exemptions:
        yield f"  {speak('exemption')}: {speak('met') if one.met else speak('not met')}"
        yield from indented(indented(conditions(names, one.conditions)))


def _together(names: Names, claim: Claim) -> Iterator[str]:
    """What is said of several layers together."""
    speak = names.words.speak
    for title, one in ((speak("Guarantee"), claim.guarantee), (speak("Overall ceiling"), claim.ceiling)):
        if one is not None:
            share = f"{grouped_yuan(one.of_fen)} × {percent(one.ratio_bp)} = {grouped_yuan(one.share_fen)}"
            layers = ", ".join(one.layers)
            yield f"{title}: {names.part(one.of)} {share}; {layers}; {speak('paid so far')} {grouped_yuan(one.paid_fen)}"
            yield from indented(sources(names, one.sources))


def _year_end(names: Names, one: YearEndUse, number: int) -> Iterator[str]:
    """What the claims of the year left, what that was paid, and what of it falls to this claim."""
    speak = names.words.speak
    yield speak(
        "At the end of the year: what the claims of the year left to the person, counted in {group}", group=one.group
    )
    for each in one.counted:
        yield f"  {each.setl_id}: {grouped_yuan(each.left_fen)}"
    yield from indented(sources(names, one.sources))
    yield from layer_lines(names, number, one.layer)
    later, left, paid = (grouped_yuan(fen) for fen in (one.later_fen, one.left_fen, one.paid_fen))
    said = speak(
        "Of that {later} fall to later claims; this one left {left}, and {paid} fall to it.",
        later=later,
        left=left,
        paid=paid,
    )
    yield f"  {said}"


def _sums(names: Names, claim: Claim, sums: Sums) -> Iterator[str]:
    speak = names.words.speak
    yield f"{names.part('medfee_sumamt')}: {grouped_yuan(sums.medfee_sumamt_fen)}"
    for fund, fen in sums.funds_fen.items():
        if fen:
            yield f"  {names.fund(fund)} ({fund}): {grouped_yuan(fen)}"
    yield f"  {speak('all funds')}: {grouped_yuan(sums.fund_pay_sumamt_fen)}"
    yield f"  {speak('left to the person')}: {grouped_yuan(sums.psn_part_amt_fen)}"
    yield f"  {speak('of that from the personal account')}: {grouped_yuan(sums.acct_pay_fen)}"
    yield f"  {speak('of that in cash')}: {grouped_yuan(sums.psn_cash_pay_fen)}"
    if claim.account is not None:
        one = claim.account
        said = speak(
            "before {before}, paid {paid}, after {after}",
            before=grouped_yuan(one.before_fen),
            paid=grouped_yuan(one.paid_fen),
            after=grouped_yuan(one.after_fen),
        )
        yield f"{speak('Personal account')}: {said}"


def _counters(names: Names, counters: Counters) -> str:
    amounts = {
        "deductible_used": counters.deductible_used_fen,
        "base": counters.base_fen,
        "excess": counters.excess_fen,
        "paid": counters.paid_fen,
    }
    said = [f"{names.counter('visits')} {counters.visits}"]
    if counters.carried_fen:
        amounts["carried"] = counters.carried_fen
    return ", ".join([*said, *(f"{names.counter(name)} {grouped_yuan(fen)}" for name, fen in amounts.items())])


def _agreement(names: Names, claim: Claim) -> Iterator[str]:
    speak = names.words.speak
    if claim.agrees:
        yield f"{speak('The row of the result')}: {speak('agrees with the explanation')}"
        return
    yield speak("This explanation does not agree with the result of the run.")
    for one in claim.differences:
        found = speak("nothing") if one.found is None else one.found
        yield f"  {one.column}: {speak('explained {explained}, in the result {found}', explained=one.explained, found=found)}"
