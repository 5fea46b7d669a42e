"""The Excel feed: a sheet of scores with coloured levels and filters, and one that explains it.

Text is written as text, so that no cell runs as a formula. The moments inside the file are that of
the publication, so that the same publication gives the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from data.regions import RegionSet
from service.feeds.columns import COLUMNS, NAMES, Value, write_rows
from service.feeds.facts import count_statuses, write_moment, write_notices
from service.feeds.palette import colour_levels, is_dark
from service.publications.publication import Document, Publication

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_WIDTHS = {"region_name": 24.0, "model_version": 30.0, "set": 18.0, "outcome_version": 18.0}
_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_TEXT_LIMIT = 32_000  # A cell holds 32,767 characters.


def render(publication: Publication, region_set: RegionSet) -> Document:
    """Returns the publication as an Excel workbook."""
    del region_set  # Every format renders from the same two arguments.
    book = Workbook(write_only=True)
    _write_scores(book.create_sheet("Scores"), publication)
    _write_explanation(book.create_sheet("Read me"), publication)
    stream = io.BytesIO()
    book.save(stream)
    return Document("xlsx", MEDIA_TYPE, _pin_moments(stream.getvalue(), publication))


def _write_scores(sheet: Any, publication: Publication) -> None:
    n_rows = max(len(publication.scores), 1) + 1
    last = get_column_letter(len(COLUMNS))
    sheet.freeze_panes = "D2"
    sheet.auto_filter.ref = f"A1:{last}{n_rows}"
    for number, name in enumerate(NAMES, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTHS.get(name, 13.0)
    make_rule: Any = FormulaRule  # Its stub has no types.
    level = get_column_letter(NAMES.index("level") + 1)
    for name, colour in colour_levels(publication.manifest.get("levels", {})).items():
        quoted = name.replace('"', '""')
        rule = make_rule(
            formula=[f'${level}2="{quoted}"'],
            fill=PatternFill(bgColor=colour.removeprefix("#"), fill_type="solid"),
            font=Font(color="FFFFFF" if is_dark(colour) else "000000"),
        )
        sheet.conditional_formatting.add(f"{level}2:{level}{n_rows}", rule)
    sheet.append([_head_cell(sheet, name) for name in NAMES])
    for row in write_rows(publication):
        sheet.append([_cell(sheet, value) for value in row])


def _write_explanation(sheet: Any, publication: Publication) -> None:
    sheet.column_dimensions["A"].width = 22.0
    sheet.column_dimensions["B"].width = 110.0
    for name, text in _explain(publication):
        head = _head_cell(sheet, name) if not text else _cell(sheet, name)
        sheet.append([head, _cell(sheet, text)])


def _explain(publication: Publication) -> Iterator[tuple[str, str]]:
    """Yields rows of two cells; a row with an empty second cell is a heading."""
    yield "About this file", ""
    for notice in write_notices(publication, count_statuses(publication)):
        yield "Notice", notice
    yield "Region set", publication.region_set
    yield "As of", publication.as_of.isoformat()
    yield "Data up to", publication.data_cutoff.isoformat()
    yield "Published", write_moment(publication.published_at)
    yield "Revision", str(publication.revision)
    yield "Model", publication.model_version
    yield "Outcome definition", publication.outcome_version
    for name, bound in publication.manifest.get("levels", {}).items():
        yield "Level", f"{name}: risk score of {bound:g} or more"
    yield "Columns", ""
    for column in COLUMNS:
        yield column.name, column.meaning
    yield "Sources and licences", ""
    for item in publication.attributions:
        yield item.source, " – ".join(part for part in (item.text, item.licence) if part)


def _head_cell(sheet: Any, text: str) -> Any:
    cell = _text_cell(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Value) -> Any:
    return _text_cell(sheet, value) if isinstance(value, str) and _is_special(value) else value


def _is_special(text: str) -> bool:
    return (
        text.startswith("=") or len(text) > _TEXT_LIMIT or bool(ILLEGAL_CHARACTERS_RE.search(text))
    )


def _text_cell(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text)[:_TEXT_LIMIT])
    cell.data_type = "s"  # Never a formula, whatever it begins with.
    return cell


def _pin_moments(body: bytes, publication: Publication) -> bytes:
    """Returns the workbook with the moment of publication instead of that of writing."""
    moment = publication.published_at
    stamp = max(moment.timetuple()[:6], (1980, 1, 1, 0, 0, 0))
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(body)) as written,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as pinned,
    ):
        for entry in written.infolist():
            content = written.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _STAMP.sub(rb"\g<1>" + write_moment(moment).encode(), content)
            info = zipfile.ZipInfo(entry.filename, stamp)
            info.compress_type = zipfile.ZIP_DEFLATED
            pinned.writestr(info, content)
    return stream.getvalue()
