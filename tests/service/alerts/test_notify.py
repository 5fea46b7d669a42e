"""The decision to tell: a table of what was told, what is true, and the reason."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.alerts.advance import advance
from service.alerts.notify import Quiet, Reason, Standing, Told, decide
from service.alerts.tracking import States

NOW = datetime(2022, 3, 15, 6, tzinfo=UTC)
FEB, MAR = date(2022, 2, 15), date(2022, 3, 15)
DAY = timedelta(days=1)

OPEN = Standing("i1", level=1, closed_by=None, is_stale=False, as_of=MAR)
ENDED = replace(OPEN, level=0, closed_by=Reason.RESOLVED)
WITHDRAWN = replace(OPEN, closed_by=Reason.WITHDRAWN)
TOLD = Told("i1", level=1, is_closed=False, is_stale=False, as_of=FEB, at=NOW - DAY)
TOLD_END = replace(TOLD, level=0, is_closed=True)
GONE = replace(TOLD, is_superseded=True, is_vanished=True)


@pytest.mark.parametrize(
    ("told", "standing", "reason"),
    [
        pytest.param(None, None, "unchanged", id="nothing, nothing"),
        pytest.param(None, OPEN, "new", id="not yet told"),
        pytest.param(None, ENDED, "unheard", id="over before it was heard of"),
        pytest.param(TOLD, OPEN, "unchanged", id="known"),
        pytest.param(TOLD, replace(OPEN, level=2), "escalated", id="up"),
        pytest.param(replace(TOLD, level=3), OPEN, "deescalated", id="down"),
        pytest.param(TOLD, ENDED, "resolved", id="over"),
        pytest.param(TOLD, WITHDRAWN, "withdrawn", id="rule gone"),
        pytest.param(TOLD, replace(OPEN, is_stale=True), "stale", id="no data"),
        pytest.param(replace(TOLD, is_stale=True), OPEN, "restored", id="data again"),
        pytest.param(
            replace(TOLD, is_stale=True), replace(OPEN, is_stale=True), "unchanged", id="still none"
        ),
        pytest.param(
            replace(TOLD, is_stale=True), replace(OPEN, level=2), "escalated", id="again and higher"
        ),
        pytest.param(TOLD_END, ENDED, "unchanged", id="end known"),
        pytest.param(TOLD_END, None, "unchanged", id="end known, history gone"),
        pytest.param(TOLD_END, replace(OPEN, incident_id="i2"), "new", id="a second incident"),
        pytest.param(TOLD_END, OPEN, "corrected", id="it was not over"),
        pytest.param(TOLD_END, replace(ENDED, incident_id="i2"), "unheard", id="second one over"),
        pytest.param(TOLD, replace(OPEN, incident_id="i2"), "new", id="end lost, second one open"),
        pytest.param(TOLD, replace(ENDED, incident_id="i2"), "resolved", id="end lost, both over"),
        # Corrections: what was told of is no longer part of the history.
        pytest.param(GONE, None, "cancelled", id="never was"),
        pytest.param(
            GONE, replace(ENDED, incident_id="i0", as_of=date(2022, 1, 15)), "cancelled",
            id="never was; an older incident is the last",
        ),
        pytest.param(
            GONE, replace(ENDED, incident_id="i0", as_of=FEB), "resolved",
            id="it went under another opening, and is over",
        ),
        pytest.param(
            GONE, replace(OPEN, incident_id="i0"), "unchanged", id="it opened earlier than told"
        ),
        pytest.param(
            GONE, replace(OPEN, incident_id="i0", level=2), "escalated", id="and is higher since"
        ),
        pytest.param(
            replace(TOLD, is_superseded=True), replace(OPEN, as_of=FEB), "unchanged",
            id="corrected to the same",
        ),
        pytest.param(
            replace(TOLD, is_superseded=True), replace(OPEN, as_of=FEB, level=2), "corrected",
            id="corrected upwards",
        ),
        pytest.param(
            replace(TOLD, is_superseded=True, level=2), replace(OPEN, as_of=FEB), "corrected",
            id="corrected downwards",
        ),
        pytest.param(
            replace(TOLD, is_superseded=True), replace(OPEN, as_of=MAR, level=2), "escalated",
            id="corrected to the same, then up",
        ),
    ],
)  # fmt: skip
def test_reasons(told: Told | None, standing: Standing | None, reason: str) -> None:
    assert decide(told, standing, now=NOW, repeat_after=None) == reason


@pytest.mark.parametrize(
    ("after", "reason"),
    [(None, "unchanged"), (DAY, "repeat"), (DAY + timedelta(seconds=1), "unchanged")],
)
def test_repeat(after: timedelta | None, reason: str) -> None:
    assert decide(TOLD, OPEN, now=NOW, repeat_after=after) == reason


def test_an_end_is_not_repeated() -> None:
    assert decide(TOLD_END, ENDED, now=NOW + 99 * DAY, repeat_after=DAY) == "unchanged"


def test_what_is_not_sent() -> None:
    held = {reason for reason in Reason if not reason.is_sent}
    assert held == {"unchanged", "unheard", "acknowledged", "silenced"}


RISEN = replace(OPEN, level=2, is_risen=True, opened=FEB)


@pytest.mark.parametrize(
    ("told", "standing", "quiet", "reason"),
    [
        pytest.param(TOLD, OPEN, Quiet(), "repeat", id="nobody asked"),
        pytest.param(TOLD, OPEN, Quiet(is_acknowledged=True), "acknowledged", id="taken up"),
        pytest.param(TOLD, ENDED, Quiet(is_acknowledged=True), "resolved", id="taken up, over"),
        pytest.param(TOLD, OPEN, Quiet(is_silenced=True), "silenced", id="a repeat is held"),
        pytest.param(TOLD, ENDED, Quiet(is_silenced=True), "silenced", id="an end is held"),
        pytest.param(None, OPEN, Quiet(is_silenced=True), "silenced", id="a new one is held"),
        pytest.param(None, ENDED, Quiet(is_silenced=True), "unheard", id="nothing to hold"),
        pytest.param(TOLD, RISEN, Quiet(is_silenced=True), "escalated", id="a rise is not"),
        pytest.param(None, RISEN, Quiet(is_silenced=True), "escalated", id="nor one unheard of"),
        pytest.param(
            replace(TOLD, is_superseded=True), replace(OPEN, level=2, as_of=FEB),
            Quiet(is_silenced=True), "corrected", id="nor one that a correction made",
        ),
        pytest.param(
            replace(TOLD, is_superseded=True, level=2), replace(OPEN, as_of=FEB),
            Quiet(is_silenced=True), "silenced", id="a correction downwards is held",
        ),
        pytest.param(
            TOLD_END, OPEN, Quiet(is_silenced=True), "silenced", id="one that was not over is held"
        ),
        pytest.param(
            TOLD_END, RISEN, Quiet(is_silenced=True), "corrected", id="but not if it rose"
        ),
        pytest.param(
            TOLD, OPEN, Quiet(silence_ended=NOW), "silence_ended", id="over, told before it"
        ),
        pytest.param(
            TOLD, OPEN, Quiet(is_acknowledged=True, silence_ended=NOW), "silence_ended",
            id="over, and taken up",
        ),
        pytest.param(
            TOLD, OPEN, Quiet(silence_ended=NOW - DAY), "repeat", id="over, told since"
        ),
        pytest.param(
            TOLD, OPEN, Quiet(is_silenced=True, silence_ended=NOW), "silenced", id="a second holds"
        ),
        pytest.param(TOLD, ENDED, Quiet(silence_ended=NOW), "resolved", id="both over"),
        pytest.param(TOLD_END, ENDED, Quiet(silence_ended=NOW), "unchanged", id="end known"),
        pytest.param(TOLD, RISEN, Quiet(silence_ended=NOW), "escalated", id="over and higher"),
        pytest.param(
            None, replace(OPEN, opened=FEB), Quiet(silence_ended=NOW), "silence_ended",
            id="over, never told",
        ),
        pytest.param(
            None, replace(OPEN, opened=MAR), Quiet(silence_ended=NOW), "new",
            id="opened after it was over",
        ),
        pytest.param(None, None, Quiet(silence_ended=NOW), "unchanged", id="nothing there"),
    ],
)  # fmt: skip
def test_what_people_asked_for(
    told: Told | None, standing: Standing | None, quiet: Quiet, reason: str
) -> None:
    assert decide(told, standing, now=NOW, repeat_after=DAY, quiet=quiet) == reason


tolds = st.none() | st.builds(
    Told,
    incident_id=st.sampled_from(["i1", "i2"]),
    level=st.integers(1, 4),
    is_closed=st.booleans(),
    is_stale=st.booleans(),
    as_of=st.sampled_from([FEB, MAR]),
    at=st.just(NOW - DAY),
    is_superseded=st.booleans(),
    is_vanished=st.booleans(),
)
standings = st.none() | st.builds(
    Standing,
    incident_id=st.sampled_from(["i1", "i2"]),
    level=st.integers(1, 4),
    closed_by=st.none() | st.sampled_from([Reason.RESOLVED, Reason.WITHDRAWN]),
    is_stale=st.booleans(),
    as_of=st.sampled_from([FEB, MAR]),
)


@given(tolds, standings)
def test_a_contact_point_that_believes_otherwise_is_told(
    told: Told | None, standing: Standing | None
) -> None:
    """Whoever thinks that an incident is open or over, or at another level, hears of it; once."""
    believes_open = told is not None and not told.is_closed
    is_open = standing is not None and standing.closed_by is None
    reason = decide(told, standing, now=NOW, repeat_after=None)
    if believes_open != is_open:
        assert reason.is_sent
    if not believes_open and not is_open:
        assert not reason.is_sent
    if told and standing and believes_open and is_open and told.level != standing.level:
        assert reason.is_sent


@given(standings.filter(lambda item: item is not None))
def test_whoever_was_just_told_is_not_told_again(standing: Standing) -> None:
    told = Told(
        standing.incident_id,
        standing.level,
        standing.closed_by is not None,
        standing.is_stale,
        standing.as_of,
        NOW,
    )
    assert not decide(told, standing, now=NOW, repeat_after=DAY).is_sent


@pytest.mark.parametrize("seed", range(3))
def test_noise_inside_the_band_for_a_thousand_publications_is_told_once(
    build: Any, seed: int
) -> None:
    """From the exit of its level to just below the enter of the next, at both bounds too."""
    chance = random.Random(seed)
    states: States = {}
    told: Told | None = None
    sent: list[Reason] = []
    for number in range(1_001):
        as_of = FEB + number * DAY
        value = chance.choice([0.2, 0.4999, chance.uniform(0.2, 0.4999)]) if number else 0.3
        publication = build.publication(as_of, {"ML01": value})
        states, events = advance([build.rule()], states, publication)
        if number == 0:
            (event,) = events
        else:
            assert not events
        standing = Standing(event.incident_id, event.level, None, False, event.as_of)
        reason = decide(told, standing, now=NOW + number * DAY, repeat_after=None)
        if reason.is_sent:
            sent.append(reason)
            told = Told(event.incident_id, event.level, False, False, event.as_of, NOW)
    assert sent == [Reason.NEW]
