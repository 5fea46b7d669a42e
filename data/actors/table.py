"""The alias table: which spelling means which actor, in which countries and from when to when."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.calendar import to_epoch_day
from data.errors import BadInput
from data.names import plain_words

GROUPS: dict[str, str] = {
    "state": "army, police and gendarmerie of a state",
    "jnim": "JNIM, its predecessors and allies",
    "islamic_state": "the Islamic State's provinces",
    "jihadist": "other jihadist groups",
    "self_defence": "self-defence groups, volunteers and hunters",
    "militia": "militias on the side of a state",
    "rebel": "armed groups with political aims against a state",
    "outside_force": "foreign armies, missions and contractors",
}
"""The groups of the shipped table, and what they are; a table of one's own may have others."""

_NO_END = np.iinfo(np.int64).max


@dataclass(frozen=True)
class ActorAlias:
    """One spelling of an actor.

    Attributes:
        alias: The spelling; a `*` at its end stands for further words, or none.
        actor: The name of the actor; empty: the spelling is the name.
        group: What kind of actor it is, small letters, digits and `_`.
        countries: ISO alpha-3 codes of the countries in which the spelling means this actor; empty:
            in all.
        valid_from: First day of an event on which it does; None: from the beginning.
        valid_to: Last day, included; None: to this day.
    """

    alias: str
    actor: str
    group: str
    countries: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def is_prefix(self) -> bool:
        """True if further words may follow."""
        return self.alias.endswith("*")

    @cached_property
    def key(self) -> str:
        """The spelling as it is compared."""
        return " ".join(plain_words(self.alias))

    def holds(self, name_key: str, country: str) -> bool:
        """Returns if a name in an event of a country is this spelling, whatever the day."""
        if self.countries and country not in self.countries:
            return False
        return name_key == self.key or (self.is_prefix and name_key.startswith(f"{self.key} "))

    @property
    def rank(self) -> tuple[bool, int, bool]:
        """The more special of two aliases has the higher rank: exact, long, for some countries."""
        return not self.is_prefix, len(self.key), bool(self.countries)


class ActorTable:
    """Aliases, checked: no spelling means two actors in one country on one day.

    Args:
        aliases: In any order.

    Raises:
        BadInput: An alias is empty, a group or a country is no code, a validity ends before it
            begins, or two aliases of the same rank contradict each other.
    """

    def __init__(self, aliases: Sequence[ActorAlias]) -> None:
        self.aliases = tuple(sorted(aliases, key=_order))
        for alias in self.aliases:
            _check(alias)
        _check_overlaps(self.aliases)
        self._by_first_word: dict[str, list[ActorAlias]] = {}
        for alias in sorted(self.aliases, key=lambda one: one.rank):
            self._by_first_word.setdefault(alias.key.partition(" ")[0], []).append(alias)

    @cached_property
    def sha256(self) -> str:
        """SHA-256, in hex, of the aliases: two tables that name all actors alike have the same."""
        lines = (
            json.dumps(
                [
                    *(alias.alias, alias.actor, alias.group, sorted(alias.countries)),
                    *(
                        None if day is None else str(day)
                        for day in (alias.valid_from, alias.valid_to)
                    ),
                ]
            )
            for alias in self.aliases
        )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @property
    def actors(self) -> dict[str, tuple[ActorAlias, ...]]:
        """Aliases by the name of the actor, both sorted."""
        found: dict[str, list[ActorAlias]] = {}
        for alias in self.aliases:
            found.setdefault(alias.actor or alias.alias, []).append(alias)
        return {name: tuple(found[name]) for name in sorted(found)}

    def resolve(
        self,
        names: npt.NDArray[np.object_],
        countries: npt.NDArray[np.object_],
        days: npt.NDArray[np.int64],
    ) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
        """Returns the actor and the group that each name means.

        Args:
            names: As a source spells them, shape (n_names,).
            countries: ISO alpha-3 code of the event, same shape.
            days: Day of the event, days since 1970-01-01, same shape.

        Returns:
            Actors, a name that is not listed as it is, and groups, empty for such a name; shape
            (n_names,) each.
        """
        if not len(names):
            return np.empty(0, dtype=object), np.empty(0, dtype=object)
        code_of_name, unique_names = pd.factorize(names)
        code_of_country, unique_countries = pd.factorize(countries)
        codes, pairs = pd.factorize(code_of_name * len(unique_countries) + code_of_country)
        actors = np.array(names, dtype=object)
        groups = np.full(len(names), "", dtype=object)
        order = np.argsort(codes, kind="stable")
        bounds = np.searchsorted(codes[order], np.arange(len(pairs) + 1))
        for number, pair in enumerate(pairs.tolist()):
            name = unique_names[pair // len(unique_countries)]
            country = unique_countries[pair % len(unique_countries)]
            rows = order[bounds[number] : bounds[number + 1]]
            # From the least special on, so that the most special one has the last word.
            for alias in self._candidates(name, country):
                is_valid = (days[rows] >= _from(alias)) & (days[rows] <= _to(alias))
                actors[rows[is_valid]] = alias.actor or name
                groups[rows[is_valid]] = alias.group
        return actors, groups

    def _candidates(self, name: str, country: str) -> list[ActorAlias]:
        key = " ".join(plain_words(name))
        listed = self._by_first_word.get(key.partition(" ")[0], [])
        return [alias for alias in listed if alias.holds(key, country)]


def _order(alias: ActorAlias) -> tuple[str, str, str, int]:
    return alias.group, (alias.actor or alias.alias), alias.alias, _from(alias)


def _from(alias: ActorAlias) -> int:
    return -_NO_END if alias.valid_from is None else to_epoch_day(alias.valid_from)


def _to(alias: ActorAlias) -> int:
    return int(_NO_END) if alias.valid_to is None else to_epoch_day(alias.valid_to)


def _check(alias: ActorAlias) -> None:
    if not alias.key:
        raise BadInput(f"The alias '{alias.alias}' of '{alias.actor}' has no letter or digit.")
    if "," in alias.alias:
        raise BadInput(
            f"The alias '{alias.alias}' has a comma.", "Events list several actors with commas."
        )
    if re.fullmatch(r"[a-z0-9_]{1,32}", alias.group) is None:
        raise BadInput(
            f"'{alias.group}' of the alias '{alias.alias}' cannot name a group.",
            f"Use small letters, digits and '_'; there are: {', '.join(GROUPS)}.",
        )
    for country in alias.countries:
        if re.fullmatch(r"[A-Z]{3}", country) is None:
            raise BadInput(
                f"'{country}' of the alias '{alias.alias}' is no ISO alpha-3 code.",
                "Write several with spaces, e.g. MLI BFA NER.",
            )
    if _from(alias) > _to(alias):
        raise BadInput(
            f"The alias '{alias.alias}' ends on {alias.valid_to}, before it begins on "
            f"{alias.valid_from}."
        )


def _check_overlaps(aliases: Sequence[ActorAlias]) -> None:
    kindred: dict[tuple[str, bool, bool], list[ActorAlias]] = {}
    for alias in aliases:
        kindred.setdefault((alias.key, alias.is_prefix, bool(alias.countries)), []).append(alias)
    for group in kindred.values():
        for number, one in enumerate(group):
            for other in group[number + 1 :]:
                if (one.actor, one.group) == (other.actor, other.group):
                    continue
                is_same_place = not one.countries or set(one.countries) & set(other.countries)
                if is_same_place and _from(one) <= _to(other) and _from(other) <= _to(one):
                    raise BadInput(
                        f"'{one.alias}' means '{one.actor or one.alias}' and "
                        f"'{other.actor or other.alias}' in the same country on the same day.",
                        "Let one end (valid_to) before the other begins (valid_from).",
                    )
