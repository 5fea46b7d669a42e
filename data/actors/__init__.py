"""Actors: one name for each, however a source spells it, and what kind of actor it is.

Owns the alias table: the one that is shipped, the one that a user stored, and how a name is found
in it. Does not own what is counted per actor (`data.panel.details`).
May import: `data.names`, `data.calendar`, `data.database`, `data.tables`, `data.errors`.
Invariants: a name that the table does not list stays as it is; an alias applies by the day of the
event, in the country of the event.

Where to go:
    what an alias is, finding names   table.py
    the table as a CSV file           csv_file.py
    the shipped table                 aliases.csv
    the stored table                  storage.py
"""

from __future__ import annotations

from data.actors.csv_file import SHIPPED_FILE, read_alias_file, shipped_actors, write_aliases
from data.actors.storage import forget_aliases, load_actors, save_aliases
from data.actors.table import GROUPS, ActorAlias, ActorTable

__all__ = [
    "GROUPS",
    "SHIPPED_FILE",
    "ActorAlias",
    "ActorTable",
    "forget_aliases",
    "load_actors",
    "read_alias_file",
    "save_aliases",
    "shipped_actors",
    "write_aliases",
]
