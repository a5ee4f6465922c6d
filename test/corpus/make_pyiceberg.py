"""The tables of the corpus that pyiceberg writes. Started by make.mjs; prints one JSON line of facts for each table."""

import json
import os
import sys
from datetime import datetime
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileSelector
from pyiceberg.catalog import load_catalog
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform, TruncateTransform
from pyiceberg.types import DoubleType, FixedType, LongType, NestedField, StringType, StructType, TimestampType, UUIDType

BUCKET = os.environ["CORPUS_BUCKET"]
CATALOG = load_catalog(
    "corpus",
    **{
        "type": "sql",
        "uri": f"sqlite:///{os.environ['CORPUS_HOME']}/catalog.db",
        "s3.endpoint": os.environ["BCN_TEST_S3_ENDPOINT"],
        "s3.access-key-id": os.environ["BCN_TEST_S3_ACCESS_KEY"],
        "s3.secret-access-key": os.environ["BCN_TEST_S3_SECRET_KEY"],
        "s3.region": "us-east-1",
    },
)
SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=False),
    NestedField(2, "s", StringType(), required=False),
    NestedField(3, "at", TimestampType(), required=False),
)
ARROW = pa.schema([("id", pa.int64()), ("s", pa.string()), ("at", pa.timestamp("us"))])
BIG = 9007199254740993
TABLES = {}


def table(name, note, expect=None, outside=()):
    places = [place.replace("$L", location_of(name)) for place in outside]

    def add(make):
        TABLES[name] = (make, {"outside": places, "expect": expect or {"ok": True}, "note": note})
        return make

    return add


def location_of(name):
    return f"s3://{BUCKET}/corpus/{name}"


def create(name, schema=SCHEMA, spec=PartitionSpec(), version=2, location=None, **properties):
    named = {key.replace("__", ".").replace("_", "-"): value for key, value in properties.items()}
    named["format-version"] = str(version)
    return CATALOG.create_table(f"c.{name}", schema, location=location or location_of(name), partition_spec=spec, properties=named)


def rows(*items):
    return pa.Table.from_pylist([{"id": i, "s": s, "at": datetime(2024, 1, 1 + n)} for n, (i, s) in enumerate(items)], schema=ARROW)


def history(t):
    t.append(rows((1, "a"), (2, "b"), (BIG, "c")))
    t.append(rows((4, "d"), (5, None)))
    t.delete("id == 2")
    t.overwrite(rows((7, "g")), overwrite_filter="id == 4")


@table("py-v1", "format version 1")
def py_v1(name):
    history(create(name, version=1))


@table("py-v2", "appends, a copy-on-write delete, an overwrite")
def py_v2(name):
    history(create(name))


@table("py-gzip", "gzip metadata")
def py_gzip(name):
    history(create(name, write__metadata__compression_codec="gzip"))


@table("py-merged", "manifests merged on commit: EXISTING entries")
def py_merged(name):
    t = create(name, commit__manifest_merge__enabled="true", commit__manifest__min_count_to_merge="2")
    for n in range(4):
        t.append(rows((n, "x")))


def codec(label):
    @table(f"py-codec-{label}", f"write.avro.compression-codec = {label}")
    def make(name):
        t = create(name, write__avro__compression_codec=label)
        t.append(rows((1, "a"), (2, "b")))
        t.delete("id == 2")


for label in ("zstd", "snappy", "bzip2", "null"):
    codec(label)


@table("py-partitioned", "bucket, day, truncate")
def py_partitioned(name):
    spec = PartitionSpec(
        PartitionField(1, 1001, BucketTransform(4), "id_bucket"),
        PartitionField(3, 1002, DayTransform(), "at_day"),
        PartitionField(2, 1003, TruncateTransform(1), "s_trunc"),
    )
    t = create(name, spec=spec)
    t.append(rows((1, "aaa"), (2, "bbb"), (BIG, None)))
    t.delete("s == 'bbb'")


@table("py-odd-values", "partition fields and values that are no Avro names: 😎, dots, spaces")
def py_odd_values(name):
    schema = Schema(NestedField(1, "id", LongType(), required=False), NestedField(2, "a.b😎 c", StringType(), required=False))
    t = create(name, schema=schema, spec=PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "a.b😎 c")))
    values = ["a b", "ünï", "😎", "%20", "a+b", "#", "?", "a/b", "", "$&", None]
    arrow = pa.schema([("id", pa.int64()), ("a.b😎 c", pa.string())])
    t.append(pa.Table.from_pylist([{"id": n, "a.b😎 c": value} for n, value in enumerate(values)], schema=arrow))


@table("py-evolved", "columns added, renamed, dropped, re-added; nested; the partition spec changed")
def py_evolved(name):
    t = create(name, spec=PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "s")))
    t.append(rows((1, "a"), (2, "b")))
    with t.update_schema() as update:
        update.add_column("d", DoubleType())
        update.add_column("n", StructType(NestedField(100, "x", StringType(), required=False)))
        update.rename_column("at", "moment")
    with t.update_spec() as update:
        update.add_field("id", BucketTransform(2), "id_bucket")
        update.remove_field("s")
    t.append(
        pa.Table.from_pylist(
            [{"id": 3, "s": "c", "moment": None, "d": 1.0, "n": {"x": "y"}}],
            schema=pa.schema([*ARROW.remove(2), ("moment", pa.timestamp("us")), ("d", pa.float64()), ("n", pa.struct([("x", pa.string())]))]),
        )
    )
    with t.update_schema() as update:
        update.delete_column("moment")
    with t.update_schema() as update:
        update.add_column("moment", StringType())


@table("py-refs", "branch and tag")
def py_refs(name):
    t = create(name)
    t.append(rows((1, "a")))
    t.manage_snapshots().create_tag(t.current_snapshot().snapshot_id, "v1 ä/ö").create_branch(
        t.current_snapshot().snapshot_id, "__proto__"
    ).commit()
    t.append(rows((2, "b")))
    t.append(rows((3, "c")), branch="__proto__")


@table("py-empty", "no snapshot")
def py_empty(name):
    create(name)


@table("py-odd-location", "odd characters in the location, and in write.data.path below it")
def py_odd_location(name):
    location = f"{location_of(name)} é%2F+="
    t = create(name, location=location, **{"write.data.path": f"{location}/d %41$&"})
    history(t)


@table("py-types", "uuid and fixed as bounds and partition values")
def py_types(name):
    schema = Schema(
        NestedField(1, "id", LongType(), required=False),
        NestedField(2, "u", UUIDType(), required=False),
        NestedField(3, "f", FixedType(4), required=False),
    )
    t = create(name, schema=schema, spec=PartitionSpec(PartitionField(3, 1000, IdentityTransform(), "f")))
    arrow = pa.schema([("id", pa.int64()), ("u", pa.uuid()), ("f", pa.binary(4))])
    t.append(pa.Table.from_pylist([{"id": 1, "u": b"0123456789abcdef", "f": b"\x00\xff\x01\x02"}, {"id": 2, "u": None, "f": None}], schema=arrow))


def add_files(t, *uris):
    """Data files that lie where another writer put them; the n-th has the row n + 2."""
    for n, uri in enumerate(uris):
        with t.io.new_output(uri).create(overwrite=True) as out:
            pq.write_table(rows((n + 2, "b")), out)
    t.add_files(list(uris))


@table("py-add-files", "add_files: a data file outside the location", outside=["$L-foreign"])
def py_add_files(name):
    t = create(name)
    t.append(rows((1, "a")))
    add_files(t, f"{location_of(name)}-foreign/f.parquet")


@table(
    "py-add-files-buckets",
    "add_files: files of one name from two buckets, three folders and a bucket itself; one of them deleted again",
    outside=["s3://corpus-two/py-add-files-buckets", "$L-foreign", "s3://corpus-three"],
)
def py_add_files_buckets(name):
    t = create(name)
    t.append(rows((1, "a")))
    there, here = f"s3://corpus-two/{name}", f"{location_of(name)}-foreign"
    add_files(t, f"{there}/a/x/f.parquet", f"{there}/a/y/f.parquet", f"{here}/f.parquet", "s3://corpus-three/f.parquet")
    t.delete("id == 3")


@table("py-bucket-location", "the location is a bucket")
def py_bucket_location(name):
    clear("s3://corpus-three")
    history(create(name, location="s3://corpus-three"))


@table(
    "refused-one-target",
    "a file that lies where another one of the table would go",
    {"exit": 22, "reason": "would both become", "at": "restore"},
    outside=["$L-foreign"],
)
def refused_one_target(name):
    t = create(name)
    foreign = f"{location_of(name)}-foreign"
    place = sha256(foreign.encode()).hexdigest()[:16]
    add_files(t, f"{foreign}/f.parquet", f"{location_of(name)}/data/_bcn_roots/{place}/f.parquet")


@table("py-two-spellings", "add_files: one file in two spellings, so that its rows count twice")
def py_two_spellings(name):
    t = create(name)
    file = f"{location_of(name)}/data/f.parquet"
    add_files(t, file)
    add_files(t, file.replace("s3:", "s3a:"))


def clear(location):
    filesystem = PyArrowFileIO(CATALOG.properties).fs_by_scheme("s3", BUCKET)
    selector = FileSelector(location[len("s3://") :], allow_not_found=True, recursive=True)
    for info in filesystem.get_file_info(selector):
        if info.is_file:
            filesystem.delete_file(info.path)


def facts_of(name, more):
    made = CATALOG.load_table(f"c.{name}")
    states = [entry.metadata_file for entry in made.metadata.metadata_log] + [made.metadata_location]
    snapshots = [
        {"id": str(snapshot.snapshot_id), "rows": made.scan(snapshot_id=snapshot.snapshot_id).to_arrow().num_rows}
        for snapshot in made.metadata.snapshots
    ]
    return {"name": name, "location": made.metadata.location, "states": states, "snapshots": snapshots, **more}


if sys.argv[1:] == ["--names"]:
    print("\n".join(TABLES))
else:
    CATALOG.create_namespace("c")
    for wanted in sys.argv[1:]:
        make, more = TABLES[wanted]
        for place in [location_of(wanted), *more["outside"]]:
            clear(place)
        make(wanted)
        print(json.dumps(facts_of(wanted, more)), flush=True)
