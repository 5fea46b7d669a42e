"""The alias table in the database: one that a user stored stands in place of the shipped one."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from data.actors.csv_file import shipped_actors
from data.actors.table import ActorAlias, ActorTable
from data.database import take_turn
from data.tables import actor_aliases


def load_actors(connection: Connection) -> ActorTable:
    """Returns the table in force: the stored one, or the shipped one if none is stored."""
    rows = connection.execute(select(actor_aliases).order_by(actor_aliases.c.alias_id)).all()
    if not rows:
        return shipped_actors()
    return ActorTable(
        [
            ActorAlias(
                alias=row.alias,
                actor=row.actor,
                group=row.actor_group,
                countries=tuple(row.countries),
                valid_from=row.valid_from,
                valid_to=row.valid_to,
            )
            for row in rows
        ]
    )


def save_aliases(connection: Connection, table: ActorTable) -> bool:
    """Stores a table in place of the one that is stored; returns False if it is in force already.

    Args:
        connection: Inside a write transaction.
        table: The new table.
    """
    take_turn(connection, "save aliases")
    if load_actors(connection).aliases == table.aliases:
        return False
    forget_aliases(connection)
    rows = [
        {
            "alias": item.alias,
            "actor": item.actor,
            "actor_group": item.group,
            "countries": list(item.countries),
            "valid_from": item.valid_from,
            "valid_to": item.valid_to,
        }
        for item in table.aliases
    ]
    if rows:
        connection.execute(insert(actor_aliases), rows)
    return True


def forget_aliases(connection: Connection) -> None:
    """Removes the stored table: the shipped one is in force again."""
    take_turn(connection, "save aliases")
    connection.execute(delete(actor_aliases))
