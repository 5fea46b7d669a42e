"""Countries by their English or French name, as sources spell it."""

from __future__ import annotations

import re
import unicodedata

from data.sources.gleditsch_ward import STATES

_OTHER_NAMES = {
    "Bénin": "BEN",
    "Bolivia, Plurinational State of": "BOL",
    "Burma": "MMR",
    "Cameroun": "CMR",
    "Cape Verde": "CPV",
    "Centrafrique": "CAF",
    "Congo": "COG",
    "Czech Republic": "CZE",
    "DR Congo": "COD",
    "Democratic Republic of Congo": "COD",
    "East Timor": "TLS",
    "Gambie": "GMB",
    "Guinée": "GIN",
    "Guinée-Bissau": "GNB",
    "Guinée équatoriale": "GNQ",
    "Ivory Coast": "CIV",
    "Libye": "LBY",
    "Mauritanie": "MRT",
    "Palestine": "PSE",
    "République centrafricaine": "CAF",
    "République du Congo": "COG",
    "République démocratique du Congo": "COD",
    "Republic of Congo": "COG",
    "Republic of the Congo": "COG",
    "Swaziland": "SWZ",
    "Tchad": "TCD",
    "Algérie": "DZA",
    "Sénégal": "SEN",
    "Soudan": "SDN",
    "Soudan du Sud": "SSD",
    "Turkey": "TUR",
    "Vietnam": "VNM",
}
_GONE = frozenset({"DDR", "CSK", "YMD"})


def country_of_name(name: str) -> str:
    """Returns the ISO 3166-1 alpha-3 code of a country; empty if the name is not known.

    Accents, case, hyphens and a leading "The" make no difference.
    """
    return _CODES.get(_plain(name), "")


def slug_of_country(iso3: str) -> str:
    """Returns a country's English name as HDX writes it in addresses: `burkina-faso`.

    Empty if the code is not known.
    """
    for state in STATES.values():
        if state.iso3 == iso3:
            return _plain(state.name).replace(" ", "-")
    return ""


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).casefold()
    words = re.findall(r"[^\W_]+", "".join(c for c in letters if not unicodedata.combining(c)))
    return " ".join(words[1:] if words[:1] == ["the"] else words)


_CODES: dict[str, str] = {
    _plain(name): code
    for name, code in (
        *((state.name, state.iso3) for state in STATES.values() if state.iso3 not in _GONE),
        *_OTHER_NAMES.items(),
    )
}
