"""Names that a rule set uses: one that leads nowhere, and one that nobody uses, is a typing error's usual trace."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from qingsuan.policy.conditions import CODE_DIMENSIONS, IDENTITY_DIMENSION, INTERVAL_DIMENSIONS
from qingsuan.policy.findings import Finding
from qingsuan.policy.model import IdentityClass, RuleSet
from qingsuan.policy.toml.told import did_you_mean
from qingsuan.policy.when.figures import Figure
from qingsuan.policy.who.registrations import closed_values, own_kinds
from qingsuan.tables import CODES, PLACES, REFERRALS

__all__ = ["LocalCodes", "Names"]

LocalCodes = Mapping[str, Mapping[str, str]]


class Names:
    """The names of one rule set: known, used, and used nowhere; what is wrong is noted in ``findings``."""

    def __init__(self, rule_set: RuleSet, codes: LocalCodes) -> None:
        self.set = rule_set
        self.findings: list[Finding] = []
        self.used: dict[str, set[str]] = {"layers": set(), "groups": set(), "sources": set(), "dimensions": set()}
        self.known: dict[str, Collection[str]] = {
            **{column: {**CODES.get(column, {}), **codes.get(column, {})} for column in {*CODES, *codes}},
            "insutype": rule_set.schemes,
            "dedc_hosp_lv": rule_set.levels,
            "place": PLACES,
            "referral": REFERRALS,
        }
        self.schemes = {**CODES["insutype"], **codes.get("insutype", {})}
        self.kinds = dict.fromkeys(CODE_DIMENSIONS, "code") | dict.fromkeys(INTERVAL_DIMENSIONS, "number")
        self.kinds[IDENTITY_DIMENSION] = "identity class"
        self.kinds |= own_kinds(rule_set)
        self.known |= closed_values(rule_set)

    # ---- names

    def refuse(self, path: str, *, found: str, expected: str = "", do: str = "", source: str = "") -> None:
        """Note what is wrong; ``source`` is what the value names as its source."""
        self.findings.append(Finding(self.set.file, path, found, expected, do, source))

    def name(self, kind: str, name: str, known: Collection[str], path: str, source: str = "") -> bool:
        """Note that a name is used; refuse it if it leads nowhere, and say whether it does. ``kind`` is a table of the file."""
        self.used[kind].add(name)
        if name not in known:
            self.refuse(
                path,
                found=f'no {kind[:-1]} "{name}"',
                expected=f"one of {', '.join(known) or '(none is declared)'}",
                do=did_you_mean(name, known) or f"declare it under [{kind}]",
                source=source,
            )
        return name in known

    def group(self, name: str | None, path: str, source: str, *, must: bool = False) -> None:
        """Note that a group is used; refuse it if it leads nowhere, or is absent where it ``must`` be there."""
        if name is not None:
            self.name("groups", name, self.set.groups, f"{path}.group", source)
        elif must:
            do = "name a group of [groups]: it says where the sum is kept, and for how long"
            self.refuse(path, found="a period without a group", expected="the key group", do=do, source=source)

    def source(self, text: str, path: str) -> None:
        """Note the sources that a value names, as it names them."""
        for key in text.split(", ") if text else ():
            self.name("sources", key, self.set.sources, f"{path}.source")

    def unused(self) -> None:
        """Refuse what is declared and used nowhere, once everything else is checked."""
        self.source(self.set.source, "ruleset")
        for number, one in enumerate(self.set.explained, 1):
            self.source(one.source, f"explained[{number}]")
        for number, beyond in enumerate(self.set.beyond, 1):
            self.source(beyond.source, f"beyond[{number}]")
        declared: dict[str, Iterable[str]] = {
            "layers": self.set.layers,
            "groups": self.set.groups,
            "sources": self.set.sources,
            "dimensions": [dimension.name for dimension in self.set.dimensions],
        }
        for kind, names in declared.items():
            for name in names:
                if name not in self.used[kind]:
                    self.refuse(
                        f"{kind}.{name}",
                        found=f"this {kind[:-1]} is used nowhere",
                        expected=f"a {kind[:-1]} that something names",
                        do="take it out, or mend the name where it was meant to be used",
                    )

    def sources_of(self, kind: str, named: Iterable[Figure | IdentityClass]) -> None:
        """Note the sources of what stands under names in a table of the file."""
        for one in named:
            self.source(one.source, f"{kind}.{one.name}")
