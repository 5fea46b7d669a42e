"""The Parquet feed: the columns of `service.feeds.columns`, typed; null where a value is missing.

What every file tells lies in the schema's metadata under the key `tocsin`, as JSON.
"""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq

from data.regions import RegionSet
from service.feeds.columns import COLUMNS, Kind, write_rows
from service.feeds.facts import describe_publication
from service.publications.publication import Document, Publication

_TYPES: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "day": pa.date32(),
    "whole": pa.int32(),
    "number": pa.float64(),
}


def render(publication: Publication, region_set: RegionSet) -> Document:
    """Returns the publication as Parquet, compressed with Zstandard."""
    del region_set  # Every format renders from the same two arguments.
    facts = json.dumps(describe_publication(publication), ensure_ascii=False, allow_nan=False)
    schema = pa.schema(
        [
            pa.field(column.name, _TYPES[column.kind], metadata={"meaning": column.meaning})
            for column in COLUMNS
        ],
        metadata={"tocsin": facts},
    )
    values = zip(*write_rows(publication), strict=True)
    arrays = [
        pa.array(column, type=field.type) for column, field in zip(values, schema, strict=False)
    ]
    table = pa.Table.from_arrays(arrays, schema=schema) if arrays else schema.empty_table()
    stream = pa.BufferOutputStream()
    pq.write_table(table, stream, compression="zstd")
    return Document("parquet", "application/vnd.apache.parquet", stream.getvalue().to_pybytes())
