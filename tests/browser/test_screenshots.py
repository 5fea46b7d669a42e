"""Pages in a real browser, without JavaScript: seen, within the window, closed to the outside."""

from __future__ import annotations

import re
import struct
from urllib.parse import urlsplit

import pytest

WIDTHS = {"desktop": 1280, "phone": 390}
PAGES = {
    "map": "/",
    "region": "/sets/{set}/regions/{region}",
    "alerts": "/sets/{set}/alerts",
    "record": "/sets/{set}/reliability?horizon=1",
    "publications": "/sets/{set}/publications",
    "about": "/about",
    "error": "/sets/{set}/regions/nowhere",
}


class Visit:
    """A window that notes what goes wrong and what it loads."""

    def __init__(self, context):
        self.page = context.new_page()
        self.requests = []
        self.complaints = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._note_failure)

    def _note_failure(self, request):
        # The next page may come before the icon of this one does.
        if "/static/icon.svg" not in request.url:
            self.complaints.append(request.url)

    def open(self, address):
        self.requests.clear()
        self.complaints.clear()
        return self.page.goto(address, wait_until="load")

    def overflow(self):
        """Pixels by which the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    def boxes(self, selector):
        """Left, top, right and bottom of every element that is drawn."""
        return self.page.evaluate(
            """selector => [...document.querySelectorAll(selector)]
                .filter(one => one.checkVisibility())
                .map(one => one.getBoundingClientRect())
                .map(box => [box.left, box.top, box.right, box.bottom])""",
            selector,
        )


@pytest.fixture(scope="module")
def windows(open_context):
    opened = {}

    def give(width, scheme="light"):
        if (width, scheme) not in opened:
            opened[width, scheme] = Visit(open_context(width, scheme))
        return opened[width, scheme]

    return give


@pytest.fixture(params=["schematic", "real"])
def site(request):
    return request.param, request.getfixturevalue(f"{request.param}_site")


def size_of(png):
    return struct.unpack(">II", png.read_bytes()[16:24])


@pytest.mark.parametrize("window", WIDTHS)
def test_pages_are_seen_fit_and_load_nothing_from_outside(window, site, windows, screenshots):
    kind, address = site
    visit = windows(WIDTHS[window])
    visit.open(address)
    links = visit.page.locator("a.place")
    href = links.nth(0).get_attribute("href")
    _, _, region_set, _, region = urlsplit(href).path.split("/")
    for name, path in PAGES.items():
        answer = visit.open(address + path.format(set=region_set, region=region))
        assert answer.status == (404 if name == "error" else 200), name
        picture = screenshots / f"{kind}-{window}-{name}.png"
        visit.page.screenshot(path=picture, full_page=True)
        # A page that runs out of its window makes the picture wider than the window.
        assert size_of(picture)[0] == WIDTHS[window], name
        assert visit.overflow() <= 0, name
        assert visit.page.locator("h1").is_visible()
        assert all(url.startswith(address) for url in visit.requests), visit.requests
        assert any("/static/tocsin.css" in url for url in visit.requests)
        complaints = [text for text in visit.complaints if not (name == "error" and "404" in text)]
        assert complaints == [], name


def test_pages_fit_the_narrowest_window_whatever_is_folded_out(schematic_site, windows):
    """At 320 pixels, a page magnified four times on a desk: WCAG 2.2, 1.4.10."""
    visit = windows(320)
    visit.open(schematic_site)
    href = visit.page.locator("a.place").first.get_attribute("href")
    _, _, region_set, _, region = urlsplit(href).path.split("/")
    for name, path in PAGES.items():
        visit.open(schematic_site + path.format(set=region_set, region=region))
        for summary in visit.page.locator("summary").all():
            summary.click()
        assert visit.overflow() <= 0, name


@pytest.mark.parametrize("window", WIDTHS)
def test_map_shows_every_region_and_leads_to_it(window, site, windows):
    kind, address = site
    visit = windows(WIDTHS[window])
    visit.open(address)
    regions = visit.boxes("path.region")
    assert len(regions) == (31 if kind == "real" else 30)
    [(left, top, right, bottom)] = visit.boxes("svg.map")
    assert right - left > 0.4 * WIDTHS[window]
    for box in regions:
        assert box[2] - box[0] > 1
        assert box[3] - box[1] > 1
        assert left - 2 <= box[0] < box[2] <= right + 2
        assert top - 2 <= box[1] < box[3] <= bottom + 2
    row = visit.page.locator(".ranking tbody tr").first
    name = row.locator("th").inner_text()
    place = visit.page.locator(f'a.place[aria-label^="{name},"]')
    place.focus()
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_load_state("load")
    assert visit.page.locator("h1").inner_text() == name


def test_banners_switch_and_sort_work_without_script(schematic_site, windows):
    visit = windows(1280)
    visit.open(schematic_site)
    assert visit.page.locator(".banner.simulated").is_visible()
    assert visit.page.locator(".banner.schematic").is_visible()
    visit.page.get_by_role("link", name="6 months").click()
    assert "horizon=6" in visit.page.url
    assert visit.page.locator(".banner.baseline").is_visible()
    visit.page.locator(".ranking thead").get_by_role("link", name="Region").click()
    names = visit.page.locator(".ranking tbody th").all_inner_texts()
    assert names == sorted(names, key=str.casefold)
    assert len(names) == 30


def brightness(colour):
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_levels_stand_out_more_the_higher_they_are(scheme, schematic_site, windows, screenshots):
    visit = windows(1280, scheme)
    visit.open(schematic_site)
    visit.page.screenshot(path=screenshots / f"schematic-{scheme}-map.png", full_page=True)
    ground, *levels = visit.page.evaluate(
        """() => [getComputedStyle(document.body).backgroundColor,
            ...[...document.querySelectorAll(".legend .swatch:not(.no-score)")]
                .map(one => getComputedStyle(one).backgroundColor)]"""
    )
    assert (brightness(ground) > 200) if scheme == "light" else (brightness(ground) < 40)
    # The legend begins with the highest level.
    distance = [abs(brightness(level) - brightness(ground)) for level in levels]
    assert len(distance) == 4
    assert distance == sorted(distance, reverse=True)


def test_one_picture_per_window(schematic_site, windows):
    for width, shown, hidden in ((1280, "wide", "narrow"), (390, "narrow", "wide")):
        visit = windows(width)
        visit.open(schematic_site)
        visit.open(
            schematic_site + visit.page.locator(".ranking tbody th a").first.get_attribute("href")
        )
        assert visit.page.locator(f"svg.chart.{shown}").first.is_visible()
        assert not visit.page.locator(f"svg.chart.{hidden}").first.is_visible()
