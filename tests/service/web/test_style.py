"""The style sheet: contrast, an ordered ramp, and every class that Python hands out."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from service.web.levels import RAMP_STEPS
from service.web.svg import PAINTS
from service.web.templating import STATIC

CSS = (STATIC / "tocsin.css").read_text(encoding="utf-8")
RAMP = [f"r{step}" for step in range(1, RAMP_STEPS + 1)]


def tokens_of(block):
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})\s*;", block))


def themes():
    light = tokens_of(CSS.split(":root {")[1].split("}")[0])
    dark = tokens_of(CSS.split("prefers-color-scheme: dark")[1].split("}")[0])
    return {"light": light, "dark": light | dark}


THEMES = themes()
assert len(THEMES["light"]) > 30
assert THEMES["dark"]["r1"] != THEMES["light"]["r1"]


def luminance(colour):
    """Relative luminance of WCAG 2.2."""
    text = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(text[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "page"),
        ("ink", "card"),
        ("muted", "page"),
        ("muted", "card"),
        ("accent", "page"),
        ("accent", "card"),
        ("muted", "accent-soft"),
        ("ink", "accent-soft"),
        ("accent", "accent-soft"),
        ("on-accent", "accent"),
        ("warn-ink", "warn-ground"),
        ("grave-ink", "grave-ground"),
        ("loud-ink", "loud-ground"),
        ("warn-ink", "page"),
        ("warn-ink", "card"),
        ("grave-ink", "card"),
    ],
)
def test_text_has_contrast_of_level_aa(theme, ink, ground):
    assert contrast(THEMES[theme][ink], THEMES[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    "part", ["state-based", "non-state", "one-sided", "threshold", "accent", "border"]
)
def test_parts_of_pictures_stand_out(theme, part):
    assert contrast(THEMES[theme][part], THEMES[theme]["card"]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_labels_on_the_map_can_be_read(theme):
    colours = THEMES[theme]
    for step, name in enumerate(RAMP, start=1):
        ink = colours["on-low"] if step <= 5 else "#16110c" if step == 6 else colours["on-high"]
        assert contrast(ink, colours[name]) >= 4.5, name


@pytest.mark.parametrize(("theme", "sign"), [("light", -1), ("dark", 1)])
def test_ramp_runs_one_way_in_clear_steps(theme, sign):
    light = [luminance(THEMES[theme][name]) for name in RAMP]
    assert [sign * (after - before) > 0 for before, after in pairwise(light)] == [True] * 8
    for before, after in (("r1", "r4"), ("r4", "r6"), ("r6", "r9")):
        assert contrast(THEMES[theme][before], THEMES[theme][after]) >= 1.45


def test_every_class_has_a_rule():
    for step in range(1, RAMP_STEPS + 1):
        assert f".ramp-{step} " in CSS
        assert f".on-ramp-{step}" in CSS
    for name in PAINTS:
        assert (
            f".f-{name} " in CSS or f".s-{name} " in CSS or name == "unknown" or f".f-{name}" in CSS
        )


def test_dark_print_and_phone_are_thought_of():
    assert "@media screen and (prefers-color-scheme: dark)" in CSS
    assert "@media print" in CSS
    assert ":focus-visible" in CSS
