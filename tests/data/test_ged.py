"""The GED reader on files as distributed, and on files that are not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from data.calendar import to_epoch_day
from data.errors import BadInput, MissingInput, UsageError
from data.events import EVENT_COLUMNS, check_batch
from data.sources.ged import GED, read_ged

KNOWN_AT = date(2022, 1, 15)
Write = Callable[..., Path]


def read(path: Path, **options: object) -> object:
    batch = read_ged(path, **{"known_at": KNOWN_AT, **options})
    check_batch(batch)
    return batch


def test_a_row_becomes_an_event(write_ged: Write) -> None:
    batch = read(
        write_ged(
            {
                "id": "416120",
                "type_of_violence": "3",
                "where_prec": "4",
                "date_prec": "2",
                "date_start": "2021-07-14 00:00:00.000",
                "date_end": "2021-07-16 00:00:00.000",
            }
        )
    )
    assert batch.events.to_dict("records") == [
        {
            "event_id": "416120",
            "date_start": to_epoch_day(date(2021, 7, 14)),
            "date": to_epoch_day(date(2021, 7, 16)),
            "date_precision": 2,
            "latitude": 14.5,
            "longitude": -4.2,
            "where_precision": 4,
            "country": "MLI",
            "admin1": "Mopti region",
            "admin2": "Mopti cercle",
            "event_type": "one_sided",
            "sub_type": "Government of Mali - AQIM",
            "actor_a": "Government of Mali",
            "actor_b": "AQIM",
            "fatalities_best": 3,
            "fatalities_low": 2,
            "fatalities_high": 5,
            "civilian_fatalities": 1,
            "n_sources": 2,
        }
    ]
    assert {name: str(dtype) for name, dtype in batch.events.dtypes.items()} == EVENT_COLUMNS
    assert (batch.n_rows, batch.refusals, batch.countries) == (1, (), ("MLI",))


@pytest.mark.parametrize(
    "text",
    ["2021-07-16", "2021-07-16 00:00:00", "2021-07-16 00:00:00.000", "2021-07-16T00:00Z"],
)
def test_dates_with_and_without_time(write_ged: Write, text: str) -> None:
    events = read(write_ged({"date_end": text})).events
    assert events["date"].tolist() == [to_epoch_day(date(2021, 7, 16))]


@pytest.mark.parametrize(
    ("drop", "rename", "encoding"),
    [
        ((), {"conflict_new_id": "conflict_id", "dyad_new_id": "dyad_id"}, "utf-8"),
        (("relid", "source_article", "country", "active_year"), {}, "utf-8"),
        ((), {}, "utf-8-sig"),
        ((), {"id": " ID ", "best": "Best"}, "utf-8"),
        ((), {"best": "best_est", "low": "low_est", "high": "high_est"}, "utf-8"),
    ],
)
def test_variants_of_the_header(
    write_ged: Write, drop: tuple[str, ...], rename: dict[str, str], encoding: str
) -> None:
    batch = read(write_ged({}, drop=drop, rename=rename, encoding=encoding))
    assert batch.events["fatalities_best"].tolist() == [3]


def test_what_the_source_does_not_say_is_missing(write_ged: Write) -> None:
    batch = read(
        write_ged(
            {"number_of_sources": "-1"},
            {"number_of_sources": ""},
            {"number_of_sources": "-1.0"},
            {"number_of_sources": "4.0"},
            {"deaths_civilians": ""},
            {"adm_1": "", "adm_2": "", "active_year": "false"},
        )
    )
    n_sources = batch.events["n_sources"]
    assert n_sources.isna().tolist() == [True, True, True, False, False, False]
    assert n_sources[3] == 4
    assert batch.events["civilian_fatalities"].isna().tolist() == [False] * 4 + [True, False]
    assert batch.events["admin1"].tolist()[-1] == ""


REFUSED = [
    ("impossible_date", {"date_end": "2021-02-30"}),
    ("impossible_date", {"date_end": ""}),
    ("impossible_date", {"date_start": "", "date_end": "2021-07-16"}),
    ("impossible_date", {"date_end": "16/07/2021"}),
    ("impossible_date", {"date_end": "20210716"}),
    ("impossible_date", {"date_end": "2021-07-16 noon"}),
    ("impossible_date", {"date_end": "1921-07-16"}),
    ("impossible_date", {"date_start": "0201-07-16", "date_end": "2021-07-16"}),
    ("date_order", {"date_start": "2021-07-17", "date_end": "2021-07-16"}),
    ("date_after_known_at", {"date_end": "2022-01-16"}),
    ("impossible_latitude", {"latitude": "91"}),
    ("impossible_latitude", {"latitude": "-90.001"}),
    ("impossible_latitude", {"latitude": ""}),
    ("impossible_latitude", {"latitude": "north"}),
    ("impossible_latitude", {"latitude": "nan"}),
    ("impossible_longitude", {"longitude": "181"}),
    ("impossible_longitude", {"longitude": "inf"}),
    ("unknown_country", {"country_id": "431"}),
    ("unknown_country", {"country_id": ""}),
    ("unknown_country", {"country_id": "432.5"}),
    ("unknown_type", {"type_of_violence": "4"}),
    ("unknown_type", {"type_of_violence": "state"}),
    ("bad_precision", {"where_prec": "8"}),
    ("bad_precision", {"where_prec": ""}),
    ("bad_precision", {"date_prec": "0"}),
    ("bad_precision", {"date_prec": "1.5"}),
    ("bad_number", {"best": ""}),
    ("bad_number", {"best": "three"}),
    ("bad_number", {"low": "2.5"}),
    ("bad_number", {"high": "99999999999"}),
    ("bad_number", {"deaths_civilians": "some"}),
    ("bad_number", {"deaths_civilians": "0.5"}),
    ("bad_number", {"number_of_sources": "many"}),
    ("bad_number", {"number_of_sources": "-2"}),
    ("bad_number", {"id": ""}),
    ("bad_number", {"id": "MLI-1"}),
    ("negative_fatalities", {"low": "-1"}),
    ("negative_fatalities", {"deaths_civilians": "-1"}),
]


@pytest.mark.parametrize("row", [{"low": "4"}, {"high": "2"}])
def test_estimates_out_of_order_are_kept_as_told(write_ged: Write, row: dict[str, str]) -> None:
    batch = read(write_ged(row))
    (event,) = batch.events.to_dict("records")
    assert batch.refusals == ()
    assert event["fatalities_best"] == 3
    for name, told in row.items():
        assert event[f"fatalities_{name}"] == int(told)


@pytest.mark.parametrize(("reason", "row"), REFUSED)
def test_a_bad_row_goes_to_quarantine(write_ged: Write, reason: str, row: dict[str, str]) -> None:
    batch = read(write_ged({}, row, {}))
    assert batch.events["event_id"].tolist() == ["1", "3"]
    (refusal,) = batch.refusals
    assert (refusal.line, refusal.reason) == (3, reason)
    assert refusal.event_id == (row.get("id", "2") or None)
    assert refusal.row["best"] == row.get("best", "3")
    assert refusal.row["source_article"] == "An article"
    assert refusal.message.endswith(".")
    for value in row.values():
        assert value in refusal.message


@pytest.mark.parametrize(
    "row",
    [
        {"date_end": "2022-01-15"},
        {"date_end": "1989-01-01"},
        {"latitude": "90", "longitude": "-180"},
        {"low": "0", "best": "0", "high": "0", "deaths_civilians": "0"},
        {"low": "3", "high": "3"},
        {"where_prec": "7", "date_prec": "5"},
        {"high": "10000000"},
    ],
)
def test_the_edge_of_what_is_possible_is_accepted(write_ged: Write, row: dict[str, str]) -> None:
    assert read(write_ged({}, row)).refusals == ()


def test_the_second_row_of_an_id_is_refused(write_ged: Write) -> None:
    batch = read(
        write_ged({"id": "7", "best": "x"}, {"id": "7"}, {"id": "7.0", "low": "0"}, {"id": "8"})
    )
    assert [(item.line, item.reason) for item in batch.refusals] == [
        (2, "bad_number"),
        (4, "duplicate_id"),
    ]
    assert batch.events["event_id"].tolist() == ["7", "8"]
    assert batch.events["fatalities_low"].tolist() == [2, 2]


def test_lines_are_those_of_the_file(write_ged: Write) -> None:
    path = write_ged(
        {"source_article": 'one,\n"two",\r\nthree'},
        {"best": "x", "source_article": "a\nb"},
        {},
        {"latitude": "95"},
    )
    text = path.read_bytes().decode()
    lines = text.splitlines()
    refusals = read(path).refusals
    assert [item.reason for item in refusals] == ["bad_number", "impossible_latitude"]
    assert [lines[item.line - 1].split(",")[0] for item in refusals] == ["2", "4"]
    assert refusals[0].row["source_article"] == "a\nb"


def test_a_row_with_another_number_of_columns(write_ged: Write) -> None:
    path = write_ged({}, {}, {})
    lines = path.read_text().splitlines()
    lines[2] = "2,short"
    lines.insert(3, lines[3].replace("3,", "33,", 1) + ",extra")
    path.write_text("\n".join([*lines, "", ""]))
    batch = read(path)
    assert [(item.line, item.reason, item.event_id) for item in batch.refusals] == [
        (3, "wrong_column_count", "2"),
        (4, "wrong_column_count", "33"),
    ]
    assert "2 columns, the header 26" in batch.refusals[0].message
    assert batch.refusals[1].row["column_27"] == "extra"
    assert batch.events["event_id"].tolist() == ["1", "3"]


def test_a_file_that_is_cut_off_is_refused_whole(write_ged: Write) -> None:
    path = write_ged({}, {}, {})
    content = path.read_bytes()
    path.write_bytes(content[:-60])
    with pytest.raises(BadInput, match="cut off: its last row has"):
        read(path)
    path.write_bytes(content.replace(b"An article", b'"An article'))
    with pytest.raises(BadInput):
        read(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n \n", "is empty"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "a web page or XML"),
        (b"PK\x03\x04rest", "a damaged zip archive"),
        (b"event_id_cnty,event_date,fatalities\nMLI1,2021-07-01,3\n", "no column id, date_start"),
        (b"id\x00,best\n", "NUL"),
        ("id,côté\n".encode("latin-1"), "not UTF-8"),
        (b'id,"' + b"x" * 200_000, "field larger than field limit"),
    ],
)
def test_what_is_no_ged_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        read(path)
    assert words in caught.value.message
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_renamed_column_is_named(write_ged: Write) -> None:
    with pytest.raises(BadInput, match="it has no column date_end, high"):
        read(write_ged({}, rename={"high": "upper", "date_end": "end"}))


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="There is no file"):
        read(tmp_path / "absent.csv")
    with pytest.raises(MissingInput, match="cannot be read"):
        read(tmp_path)


def test_a_file_without_a_usable_row(write_ged: Write) -> None:
    with pytest.raises(BadInput, match="a header but no rows"):
        read(write_ged())
    with pytest.raises(BadInput, match="line 2, impossible_latitude"):
        read(write_ged({"latitude": "95"}, {"longitude": "195"}))


@pytest.mark.parametrize(
    ("dates", "known_at", "covers"),
    [
        # A yearly release that reaches back to the beginning of GED.
        (("1989-09-19", "2021-12-31"), "2022-01-15", ("1989-01-01", "2021-12-31")),
        # A file that begins later claims nothing before its first month.
        (("2018-03-19", "2021-12-05"), "2022-01-15", ("2018-03-01", "2021-12-31")),
        # A Candidate month; known before the month is over, the month is not complete.
        (("2021-10-01", "2021-10-30"), "2021-11-20", ("2021-10-01", "2021-10-31")),
        (("2021-09-03", "2021-10-20"), "2021-10-30", ("2021-09-01", "2021-09-30")),
        (("2021-09-03", "2021-10-20"), "2021-10-31", ("2021-09-01", "2021-10-31")),
    ],
)
def test_what_a_file_speaks_for(
    write_ged: Write, dates: tuple[str, ...], known_at: str, covers: tuple[str, str]
) -> None:
    path = write_ged(
        *[{"date_end": day} for day in dates], {"date_end": dates[0], "country_id": "436"}
    )
    batch = read(path, known_at=date.fromisoformat(known_at))
    assert (str(batch.covers_from), str(batch.covers_to)) == covers
    assert batch.countries == ("MLI", "NER")


def test_an_event_that_runs_into_the_next_month_does_not_claim_it(write_ged: Write) -> None:
    path = write_ged(
        {"date_end": "2021-10-03"}, {"date_start": "2021-10-30", "date_end": "2021-11-02"}
    )
    batch = read(path)
    assert batch.covers_to == date(2021, 10, 31)
    assert len(batch.events) == 2


def test_refused_rows_claim_nothing(write_ged: Write) -> None:
    batch = read(
        write_ged({}, {"country_id": "475", "low": "-9"}, {"date_end": "2021-12-01", "low": "-9"})
    )
    assert batch.countries == ("MLI",)
    assert batch.covers_to == date(2021, 7, 31)


def test_what_is_known_better_prevails(write_ged: Write) -> None:
    batch = read(
        write_ged({}),
        covers_from=date(2021, 1, 1),
        covers_to=date(2021, 12, 31),
        countries=["NER", "MLI", "NER"],
    )
    assert (batch.covers_from, batch.covers_to) == (date(2021, 1, 1), date(2021, 12, 31))
    assert batch.countries == ("MLI", "NER")


@pytest.mark.parametrize(
    "options",
    [
        {"covers_from": date(2021, 9, 1)},
        {"covers_to": date(2022, 1, 16)},
        {"known_at": date(2021, 7, 20)},
    ],
)
def test_impossible_claims_are_refused(write_ged: Write, options: dict[str, date]) -> None:
    with pytest.raises(UsageError, match="cannot speak for") as caught:
        read(write_ged({}), **options)
    assert "--known-at" in caught.value.hint


def test_progress_ends_at_the_size_of_the_file(write_ged: Write) -> None:
    path = write_ged({}, {})
    seen: list[tuple[int, int]] = []
    read(path, on_progress=lambda done, total: seen.append((done, total)))
    size = path.stat().st_size
    assert seen[-1] == (size, size)
    assert all(0 <= done <= total == size for done, total in seen)


def test_chunks_do_not_show(write_ged: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"latitude": "95"} if n % 3 == 0 else {"id": str(n % 7)} for n in range(20)]
    path = write_ged(*rows)
    whole = read(path)
    monkeypatch.setattr("data.sources.delimited._CHUNK_ROWS", 3)
    parts = read(path)
    pd.testing.assert_frame_equal(parts.events, whole.events)
    assert parts.refusals == whole.refusals
    assert {item.reason for item in parts.refusals} == {"duplicate_id", "impossible_latitude"}


def test_the_source_is_declared() -> None:
    assert (GED.name, GED.licence, GED.is_simulated) == ("ged", "CC-BY-4.0", False)
    assert GED.redistributable
    assert "Sundberg & Melander" in GED.attribution
