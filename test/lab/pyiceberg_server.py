"""pyiceberg and fastavro behind HTTP on 127.0.0.1: an oracle that shares no code with Spark or bcn.

GET  /          -> {"pyiceberg": version}
POST /scan      {"catalog": properties, "table": "db.t", "snapshot_id": "123" | null} -> {"columns", "types", "rows", "metadata_location"}
POST /static    {"metadata_location": uri, "properties": properties, "snapshot_id": "123" | null} -> the same
POST /create    {"catalog": properties, "table": "db.t", "schema": [[name, type]], "rows": [{name: value}], "location"?: uri,
                 "properties"?: {}} -> {"metadata_location"}; types: see TYPES; integers may come as strings; an existing table is appended to
POST /fastavro  {"base64": an Avro file} -> {"codec", "schema", "metadata": {key: text}, "records"}
POST /write-avro {"schema", "records", "codec"?, "metadata"?: {key: text}} -> {"base64"}; plain JSON values
POST /parquet   {"base64": a Parquet file} -> {"created_by", "metadata": {key: text}, "columns": [{name, field_id, required, physical, logical}],
                 "groups": [[{codec, encodings, min, max, nulls, size, start}]], "rows"}, rows in the order of the file, by pyarrow
Errors: 400 {"error": text}.

Rows are sorted (by their JSON text). Every integer and decimal is a string; floats are numbers, but "NaN", "Infinity", "-Infinity";
binaries hex; dates and timestamps ISO 8601 (a timestamp of nanoseconds has nine digits); structs and Avro records objects; maps of tables lists of
[key, value], maps of Avro objects; lists lists.
"""

import base64
import io
import json
import math
import os
import uuid
from datetime import date, datetime, time
from decimal import Decimal
from http.server import ThreadingHTTPServer

import fastavro
import pyarrow
import pyarrow.parquet
import pyiceberg
from json_handler import JsonHandler
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError, NoSuchTableError
from pyiceberg.table import StaticTable

TYPES = {
    "boolean": pyarrow.bool_(),
    "int": pyarrow.int32(),
    "long": pyarrow.int64(),
    "float": pyarrow.float32(),
    "double": pyarrow.float64(),
    "string": pyarrow.string(),
    "binary": pyarrow.binary(),
    "date": pyarrow.date32(),
    "timestamp": pyarrow.timestamp("us"),
    "timestamptz": pyarrow.timestamp("us", tz="UTC"),
}


def plain(value):
    """A Python value as JSON; see the head of this file."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, Decimal, uuid.UUID)):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value)


def column(array):
    """An Arrow column as JSON values. Nanoseconds do not fit Python's datetime."""
    if pyarrow.types.is_timestamp(array.type) and array.type.unit == "ns":
        return [None if ns is None else nanoseconds(ns, array.type.tz) for ns in array.cast(pyarrow.int64()).to_pylist()]
    return [plain(value) for value in array.to_pylist()]


def nanoseconds(value, zone):
    seconds, rest = divmod(value, 1_000_000_000)
    return f"{datetime.utcfromtimestamp(seconds).isoformat()}.{rest:09d}{'+00:00' if zone else ''}"


def rows_of(table, snapshot_id):
    arrow = table.scan(snapshot_id=int(snapshot_id) if snapshot_id is not None else None).to_arrow()
    columns = [column(arrow.column(index)) for index in range(arrow.num_columns)]
    rows = [list(row) for row in zip(*columns)]
    return {
        "columns": arrow.column_names,
        "types": [str(field.type) for field in arrow.schema],
        "rows": sorted(rows, key=json.dumps),
        "metadata_location": table.metadata_location,
    }


def scan(body):
    return rows_of(load_catalog("lab", **body["catalog"]).load_table(body["table"]), body.get("snapshot_id"))


def static(body):
    table = StaticTable.from_metadata(body["metadata_location"], body.get("properties") or {})
    return rows_of(table, body.get("snapshot_id"))


def typed(value, name):
    """A JSON value as the Python value that pyarrow wants for this type."""
    if value is None:
        return None
    if name in ("int", "long"):
        return int(value)
    if name in ("float", "double"):
        return float(value)
    if name == "binary":
        return bytes.fromhex(value)
    if name == "date":
        return date.fromisoformat(value)
    if name in ("timestamp", "timestamptz"):
        return datetime.fromisoformat(value)
    return value


def create(body):
    catalog = load_catalog("lab", **body["catalog"])
    schema = pyarrow.schema([pyarrow.field(name, TYPES[kind]) for name, kind in body["schema"]])
    rows = [{name: typed(row.get(name), kind) for name, kind in body["schema"]} for row in body["rows"]]
    try:
        catalog.create_namespace(body["table"].rsplit(".", 1)[0])
    except NamespaceAlreadyExistsError:
        pass
    try:
        table = catalog.load_table(body["table"])
    except NoSuchTableError:
        options = {"location": body.get("location"), "properties": body.get("properties") or {}}
        table = catalog.create_table(body["table"], schema, **options)
    table.append(pyarrow.Table.from_pylist(rows, schema=schema))
    return {"metadata_location": table.metadata_location}


def read_avro(body):
    reader = fastavro.reader(io.BytesIO(base64.b64decode(body["base64"])))
    return {
        "codec": reader.codec,
        "schema": reader.metadata.get("avro.schema"),
        "metadata": {key: value for key, value in reader.metadata.items()},
        "records": [plain(record) for record in reader],
    }


def write_avro(body):
    out = io.BytesIO()
    fastavro.writer(out, body["schema"], body["records"], codec=body.get("codec") or "null", metadata=body.get("metadata"))
    return {"base64": base64.b64encode(out.getvalue()).decode()}


def read_parquet(body):
    file = pyarrow.parquet.ParquetFile(io.BytesIO(base64.b64decode(body["base64"])))
    metadata = file.metadata
    columns = []
    for index in range(metadata.num_columns):
        field = file.schema_arrow.field(index)
        leaf = file.schema.column(index)
        number = (field.metadata or {}).get(b"PARQUET:field_id")
        columns.append(
            {
                "name": field.name,
                "field_id": number and number.decode(),
                "required": not field.nullable,
                "physical": leaf.physical_type,
                "logical": str(leaf.logical_type),
            }
        )
    groups = []
    for group in range(metadata.num_row_groups):
        chunks = [metadata.row_group(group).column(index) for index in range(metadata.num_columns)]
        groups.append([chunk_facts(chunk) for chunk in chunks])
    table = file.read()
    return {
        "created_by": metadata.created_by,
        "metadata": {key.decode(): value.decode() for key, value in (metadata.metadata or {}).items()},
        "columns": columns,
        "groups": groups,
        "rows": [list(row) for row in zip(*(column(table.column(index)) for index in range(table.num_columns)))],
    }


def chunk_facts(chunk):
    statistics = chunk.statistics
    known = statistics is not None and statistics.has_min_max
    return {
        "codec": chunk.compression,
        "encodings": list(chunk.encodings),
        "min": plain(statistics.min) if known else None,
        "max": plain(statistics.max) if known else None,
        "nulls": plain(statistics.null_count) if statistics is not None else None,
        "size": str(chunk.total_compressed_size),
        "start": str(chunk.dictionary_page_offset if chunk.has_dictionary_page else chunk.data_page_offset),
    }


JsonHandler.about = {"pyiceberg": pyiceberg.__version__}
JsonHandler.calls = {
    "/scan": scan,
    "/static": static,
    "/create": create,
    "/fastavro": read_avro,
    "/write-avro": write_avro,
    "/parquet": read_parquet,
}
ThreadingHTTPServer(("127.0.0.1", int(os.environ["LAB_PORT"])), JsonHandler).serve_forever()
