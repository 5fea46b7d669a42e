"""Addresses of the licences that sources use, for the page that names them."""

from __future__ import annotations

import re

SOFTWARE = "https://www.apache.org/licenses/LICENSE-2.0"

_ADDRESSES: dict[str, str] = {
    "ccby40": "https://creativecommons.org/licenses/by/4.0/",
    "ccbysa40": "https://creativecommons.org/licenses/by-sa/4.0/",
    "ccbync40": "https://creativecommons.org/licenses/by-nc/4.0/",
    "ccbyigo": "https://creativecommons.org/licenses/by/3.0/igo/",
    "ccbyigo30": "https://creativecommons.org/licenses/by/3.0/igo/",
    "cc0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "cc010": "https://creativecommons.org/publicdomain/zero/1.0/",
    "odbl": "https://opendatacommons.org/licenses/odbl/1-0/",
    "odbl10": "https://opendatacommons.org/licenses/odbl/1-0/",
    "apache20": SOFTWARE,
}


def licence_address(licence: str) -> str | None:
    """Returns where a licence is to be read, or None if its name is not a known one."""
    return _ADDRESSES.get(re.sub(r"[^a-z0-9]", "", licence.lower()))
