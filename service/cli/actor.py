"""Who a command acts for: the name in the audit trail, unless `--by` gives another."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer


def this_user() -> str:
    """Returns the name of who is signed in to this machine; `operator` where nobody is known."""
    try:
        return getpass.getuser()[:64] or "operator"
    except (KeyError, OSError):
        return "operator"


ByOption = Annotated[
    str,
    typer.Option(
        "--by",
        default_factory=this_user,
        show_default="who is signed in",
        help="Who does it; stands in the audit trail.",
    ),
]
