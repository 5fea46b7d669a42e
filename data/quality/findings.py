"""What a sentinel says, and from where on it says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is unusual about a delivery.

    Attributes:
        code: `future_dates`, `refused_rows`, `duplicates`, `repeated_events`, `units`,
            `mass_deletion`, `actor_rename`, `silence`, `zero_fill`, `jump` or `coverage_loss`.
        is_suspicious: True if the delivery must not be used before somebody has looked at it.
        country: ISO 3166-1 alpha-3 code; None if it is about the whole delivery.
        message: One sentence with what was found.
    """

    code: str
    is_suspicious: bool
    country: str | None
    message: str


@dataclass(frozen=True)
class SentinelLimits:
    """From where on something is suspicious; below, it may still be noted.

    Set so that no month of UCDP GED in eight West African countries from 1989 to 2021, and no
    release of the simulated world, is suspicious; what the real ones reach is in brackets.

    Attributes:
        future_share: Share of rows that end after the day they became known (0).
        refused_share: Share of rows that are refused (0).
        duplicate_share: Share of rows with an identifier that came before (0).
        repeated_share: Share of events that equal another in all but the identifier (0.04).
        thousands_share: Share of deadly events whose deaths are a multiple of 1,000 (0).
        deleted_share: Share of the events known before, in the days spoken for, that are gone (0.18
            from a Candidate release to the yearly one).
        silent_events: Median events a month before a month with none (9).
        zero_deaths: Median deaths a month before a month with events and no deaths (9).
        least_usual: A month of none is suspicious only if each month held against it had as many
            events (for zeros: deaths) as this.
        jump_multiple: Deaths in a month, in multiples of the worst of the year before (17).
        jump_floor: The worst month counts as no less than this, deaths.
        least_rows: Shares of fewer rows than this are not suspicious.
    """

    future_share: float = 0.01
    refused_share: float = 0.1
    duplicate_share: float = 0.05
    repeated_share: float = 0.2
    thousands_share: float = 0.5
    deleted_share: float = 0.4
    silent_events: float = 12
    zero_deaths: float = 15
    least_usual: int = 3
    jump_multiple: float = 20
    jump_floor: float = 25
    least_rows: int = 5
