"""The table of actors: who is meant, where and when; what a bad table is refused for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.actors import (
    ActorAlias,
    ActorTable,
    forget_aliases,
    load_actors,
    read_alias_file,
    save_aliases,
    shipped_actors,
    write_aliases,
)
from data.calendar import to_epoch_day
from data.database import Database
from data.errors import BadInput, MissingInput
from data.names import plain_words
from data.panel.details import split_actors
from data.sources.ged import read_ged


def resolve(table: ActorTable, name: str, country: str, day: date) -> tuple[str, str]:
    actors, groups = table.resolve(
        np.array([name], object), np.array([country], object), np.array([to_epoch_day(day)])
    )
    return actors[0], groups[0]


@pytest.mark.parametrize(
    ("name", "country", "day", "actor", "group"),
    [
        ("Wagner Group", "MLI", "2022-03-27", "Africa Corps", "outside_force"),
        ("Africa Corps", "MLI", "2025-07-01", "Africa Corps", "outside_force"),
        ("Wagner Group", "CAF", "2022-03-27", "Wagner Group", "outside_force"),
        ("Wagner Group", "MLI", "2021-11-30", "Wagner Group", "outside_force"),
        ("AQIM", "MLI", "2017-03-01", "AQIM", "jnim"),
        ("AQIM", "MLI", "2017-03-02", "JNIM", "jnim"),
        ("AQIM", "DZA", "2019-01-01", "AQIM", "jnim"),
        ("Katiba Macina", "BFA", "2018-01-01", "JNIM", "jnim"),
        ("IS", "BFA", "2020-01-01", "IS Sahel", "islamic_state"),
        ("ISGS", "NER", "2020-01-01", "IS Sahel", "islamic_state"),
        ("IS", "NGA", "2020-01-01", "IS", "islamic_state"),
        ("Government of Mali", "MLI", "2012-01-01", "State forces of Mali", "state"),
        ("Military Forces of Mali (2021-)", "MLI", "2022-01-01", "State forces of Mali", "state"),
        ("Military Forces of Niger (2023-)", "NER", "2024-01-01", "State forces of Niger", "state"),
        (
            "Military Forces of Nigeria (2023-)",
            "NER",
            "2024-01-01",
            "State forces of Nigeria",
            "state",
        ),
        ("Government of Sudan", "SDN", "2024-01-01", "Government of Sudan", "state"),
        ("Military Forces of France", "MLI", "2015-01-01", "Forces of France", "outside_force"),
        ("VDP", "BFA", "2021-01-01", "VDP", "self_defence"),
        ("DAN NAN AMBASSAGOU", "MLI", "2019-03-23", "Dan Na Ambassagou", "self_defence"),
        ("Dozos (Mali)", "MLI", "2019-03-23", "Dozos", "self_defence"),
        ("Nobody knows", "MLI", "2019-03-23", "Nobody knows", ""),
    ],
)
def test_the_shipped_table(name: str, country: str, day: str, actor: str, group: str) -> None:
    found = resolve(shipped_actors(), name, country, date.fromisoformat(day))
    assert found == (actor, group)


NAMES = ("Reds", "reds", "Réds of the North", "Blues", "Reds of the North", "Others")
aliases = st.builds(
    ActorAlias,
    alias=st.sampled_from(("Reds", "Reds*", "Reds of the*", "Blues", "Réds of the North")),
    actor=st.sampled_from(("One", "Two", "")),
    group=st.sampled_from(("red", "blue")),
    countries=st.sampled_from(((), ("MLI",), ("NER",), ("MLI", "NER"))),
    valid_from=st.sampled_from((None, date(2020, 1, 1), date(2020, 1, 3))),
    valid_to=st.sampled_from((None, date(2020, 1, 2), date(2020, 1, 4))),
)


@settings(max_examples=200, deadline=None)
@given(
    drawn=st.lists(aliases, max_size=6),
    events=st.lists(
        st.tuples(
            st.sampled_from(NAMES),
            st.sampled_from(("MLI", "NER", "BFA")),
            st.integers(to_epoch_day(date(2019, 12, 30)), to_epoch_day(date(2020, 1, 6))),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_finding_names_equals_a_slow_search(drawn, events) -> None:
    try:
        table = ActorTable(drawn)
    except BadInput:
        return
    actors, groups = table.resolve(
        np.array([one[0] for one in events], object),
        np.array([one[1] for one in events], object),
        np.array([one[2] for one in events], np.int64),
    )
    for (name, country, day), actor, group in zip(events, actors, groups, strict=True):
        key = " ".join(plain_words(name))
        fitting = [
            alias
            for alias in table.aliases
            if (key == alias.key or (alias.is_prefix and key.startswith(alias.key + " ")))
            and (not alias.countries or country in alias.countries)
            and (alias.valid_from is None or to_epoch_day(alias.valid_from) <= day)
            and (alias.valid_to is None or day <= to_epoch_day(alias.valid_to))
        ]
        if not fitting:
            assert (actor, group) == (name, "")
            continue
        best = max(fitting, key=lambda alias: alias.rank)
        assert (actor, group) == (best.actor or name, best.group)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("X,A,g,,,\nx,B,g,,,\n", "means 'A' and 'B'"),
        ("X,A,g,MLI NER,,\nX,B,g,NER,2020-01-01,\n", "means 'A' and 'B'"),
        ("X,A,g,,2020-02-01,2020-01-01\n", "before it begins"),
        ("X,A,Some Group,,,\n", "cannot name a group"),
        ("X,A,g,Mali,,\n", "no ISO alpha-3"),
        ("X,A,g,,yesterday,\n", "line 2"),
        ("***,A,g,,,\n", "no letter"),
        ('"X, Y",A,g,,,\n', "comma"),
        ("X,A,g\n", "fields"),
    ],
)
def test_a_bad_table_is_refused_whole(tmp_path: Path, rows: str, told: str) -> None:
    path = tmp_path / "actors.csv"
    path.write_text("alias,actor,group,countries,valid_from,valid_to\n" + rows, encoding="utf-8")
    with pytest.raises(BadInput, match=told):
        read_alias_file(path)


def test_a_file_that_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(MissingInput):
        read_alias_file(tmp_path / "none.csv")
    path = tmp_path / "actors.csv"
    path.write_bytes(b"alias;actor\n")
    with pytest.raises(BadInput, match="needs exactly"):
        read_alias_file(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="UTF-8"):
        read_alias_file(path)
    header = b"alias,actor,group,countries,valid_from,valid_to\n"
    for content, words in (
        (header + b'"' + b"a" * 200_000, r"actors\.csv, line 2: field larger"),
        (header + b"A\0,A,rebel,,,\n", "NUL"),
        (header, "holds no alias"),
    ):
        path.write_bytes(content)
        with pytest.raises(BadInput, match=words):
            read_alias_file(path)


def test_a_stored_table_stands_in_place_of_the_shipped_one(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "actors.csv"
    path.write_text(write_aliases(shipped_actors().aliases), encoding="utf-8")
    own = ActorTable(
        [
            *shipped_actors().aliases,
            ActorAlias("Réds", "Reds", "rebel", ("MLI",), date(2020, 1, 1), date(2020, 2, 1)),
        ]
    )
    with database.write() as connection:
        assert not save_aliases(connection, read_alias_file(path))
        assert save_aliases(connection, own)
        assert not save_aliases(connection, own)
        stored = load_actors(connection)
        assert stored.aliases == own.aliases
        assert resolve(stored, "reds", "MLI", date(2020, 1, 31)) == ("Reds", "rebel")
        forget_aliases(connection)
        assert load_actors(connection).aliases == shipped_actors().aliases


def test_most_events_of_the_real_file_have_known_actors(shared_data: Path) -> None:
    batch = read_ged(shared_data / "ged_sahel_1989_2021.csv", known_at=date(2022, 1, 15))
    sides = split_actors(batch.events, shipped_actors())
    share = float((sides["group"] != "").mean())
    assert share > 0.9
    recent = batch.events["date"].to_numpy() >= to_epoch_day(date(2018, 1, 1))
    names = set(sides["actor"][pd.Series(recent)[sides["event"]].to_numpy()])
    assert not names & {"AQIM", "Ansar Dine", "al-Murabitun", "FLM", "ISGS"}
    assert {"JNIM", "IS Sahel", "State forces of Mali", "Dan Na Ambassagou"} <= names


def test_tables_that_name_alike_have_one_hash() -> None:
    aliases = [
        ActorAlias("Reds", "", "red", ("MLI", "NER")),
        ActorAlias("Blues", "Blue", "blue", (), date(2021, 1, 1), None),
    ]
    table = ActorTable(aliases)
    same = ActorTable([aliases[1], replace(aliases[0], countries=("NER", "MLI"))])
    assert table.sha256 == same.sha256
    others = [
        replace(aliases[1], valid_from=date(2021, 1, 2)),
        replace(aliases[1], group="red"),
        replace(aliases[1], countries=("MLI",)),
        replace(aliases[1], actor="Navy"),
    ]
    hashes = {ActorTable([aliases[0], other]).sha256 for other in others}
    assert len(hashes | {table.sha256}) == 5
