"""Writes the files beside this one: python make.py (needs pyarrow and fastavro from PyPI; for those of Spark also the addresses of `npm run lab -- env`,
without which they stay as they are).

spark-*        position deletes of merge-on-read DELETEs and MERGEs, as Spark and Iceberg write them, by format and codec: one file-scoped, the
               rest with the rows of several data files
arrow-*        the same rows in every encoding, codec and page version that pyarrow has
row-*          with the deprecated column `row`
odd-*          other orders, names, nullability; no field ids; no rows
sealed-*       encrypted: with an encrypted and with a plain footer
expected.json  the rows of each as [path, [positions as text]], or the name of a file with the same rows
"""

import base64
import json
import os
import pathlib
import urllib.request

import fastavro
import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from pyarrow.fs import S3FileSystem

HERE = pathlib.Path(__file__).parent
LAB = json.loads(os.environ.get("BCN_LAB", "null"))
PATH_ID, POS_ID, ROW_ID = "2147483546", "2147483545", "2147483544"
EXPECTED = {}


def sql(statement):
    request = urllib.request.Request(LAB["spark"]["url"] + "/sql", json.dumps({"sql": statement}).encode())
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["rows"]


def get(uri):
    s3 = LAB["s3"]
    files = S3FileSystem(
        access_key=s3["accessKey"], secret_key=s3["secretKey"], endpoint_override=s3["endpoint"], region="us-east-1"
    )
    with files.open_input_file(uri.split("://")[1]) as file:
        return file.read()


# --- Spark


def spark(name, kind, codec=None, **properties):
    table = "hms.corpus.delete_files"
    sql("CREATE NAMESPACE IF NOT EXISTS hms.corpus")
    sql(f"DROP TABLE IF EXISTS {table} PURGE")
    options = {
        "format-version": "2",
        "write.delete.mode": "merge-on-read",
        "write.update.mode": "merge-on-read",
        "write.delete.format.default": kind,
        "write.delete.granularity": "partition",
        **({f"write.delete.{kind}.compression-codec": codec} if codec else {}),
        **properties,
    }
    text = ", ".join(f"'{key}' = '{value}'" for key, value in options.items())
    sql(f"CREATE TABLE {table} (id bigint, p string) USING iceberg PARTITIONED BY (p) LOCATION 's3://warehouse/delete files/naïve' TBLPROPERTIES ({text})")
    for start in (0, 100, 200):
        sql(f"INSERT INTO {table} SELECT /*+ COALESCE(1) */ id, 'a b' FROM range({start}, {start + 100})")
    sql(f"DELETE FROM {table} WHERE id % 7 = 1")
    ((path, count),) = sql(f"SELECT file_path, record_count FROM {table}.delete_files WHERE content = 1")
    (HERE / name).write_bytes(get(path))
    rows = sql(f"SELECT file_path, pos FROM {table}.position_deletes")
    assert len(rows) == int(count) == 43
    EXPECTED[name] = sorted(rows, key=lambda row: (row[0].encode(), int(row[1])))
    sql(f"DROP TABLE {table} PURGE")


def make_spark_files():
    for codec in ("zstd", "snappy", "gzip", "uncompressed"):
        spark(f"spark-{codec}.parquet", "parquet", codec)
    spark("spark-lz4-raw.parquet", "parquet", "lz4_raw")
    spark("spark-page-v2.parquet", "parquet", "zstd", **{"write.delete.parquet.page-version": "v2"})
    for codec in ("gzip", "zstd", "snappy", "uncompressed"):
        spark(f"spark-{codec}.avro", "avro", codec)
    for codec in ("zlib", "zstd", "snappy", "lz4", "none"):
        spark(f"spark-{codec}.orc", "orc", codec)


# --- pyarrow


def field(name, kind, number, nullable=False):
    return pa.field(name, kind, nullable, {"PARQUET:field_id": number} if number else None)


def sample():
    """Rows of three files; one position beyond what a double holds."""
    names = ["s3://b/t/data/a.parquet", "s3://b/t/data/aé \U0001f600.parquet", "s3://b/t/data/b.parquet"]
    rows = [(names[0], i * i) for i in range(40)] + [(names[1], i) for i in range(300)] + [(names[2], 2**53 + i) for i in range(9)]
    return rows


def keep(name, rows):
    EXPECTED[name] = [[path, str(pos)] for path, pos in rows]


def arrow(name, rows=None, fields=None, types=(pa.string(), pa.int64()), **options):
    rows = sample() if rows is None else rows
    fields = fields or [field("file_path", types[0], PATH_ID), field("pos", types[1], POS_ID)]
    arrays = [pa.array([row[0] for row in rows], types[0]), pa.array([row[1] for row in rows], types[1])]
    if fields[0].name in ("pos", "b"):
        arrays.reverse()
    schema = pa.schema(fields, {"delete-type": "position"})
    pq.write_table(pa.table(arrays, schema=schema), HERE / name, **options)
    keep(name, rows)


def make_arrow_files():
    for codec in ("none", "snappy", "gzip", "brotli", "lz4", "zstd"):
        for version in ("1.0", "2.0"):
            arrow(f"arrow-{codec}-{version[0]}.parquet", compression=codec, data_page_version=version, write_page_checksum=True)
    arrow("arrow-plain.parquet", use_dictionary=False, compression="none", data_page_size=256, write_batch_size=16)
    for path in ("DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"):
        encodings = {"file_path": path, "pos": "DELTA_BINARY_PACKED"}
        arrow(f"arrow-{path.lower()}.parquet", use_dictionary=False, column_encoding=encodings, data_page_size=512, write_batch_size=32)
    encodings = {"file_path": "PLAIN", "pos": "BYTE_STREAM_SPLIT"}
    arrow("arrow-split.parquet", use_dictionary=False, column_encoding=encodings, compression="zstd")
    arrow("arrow-fallback.parquet", dictionary_pagesize_limit=200, data_page_size=300, write_batch_size=8, compression="snappy")
    arrow("arrow-groups.parquet", row_group_size=50, write_page_index=True, compression="zstd")


def make_orc_files():
    fields = [pa.field(name, kind, metadata={"iceberg.id": number}) for name, kind, number in (("pos", pa.int64(), POS_ID), ("file_path", pa.string(), PATH_ID))]
    rows = sample() + [("s3://b/t/data/c.parquet", pos) for pos in odd_positions()]
    table = pa.table([pa.array([row[1] for row in rows]), pa.array([row[0] for row in rows])], schema=pa.schema(fields))
    for version in ("0.11", "0.12"):
        options = {"stripe_size": 4096, "batch_size": 64, "file_version": version}
        for codec in ("uncompressed", "zlib", "snappy", "lz4", "zstd"):
            name = f"arrow-{version}-{codec}.orc"
            pyarrow.orc.write_table(table, HERE / name, dictionary_key_size_threshold=1.0, compression=codec, **options)
            keep(name, rows)
        name = f"arrow-{version}-direct.orc"
        pyarrow.orc.write_table(table.slice(0, 200), HERE / name, dictionary_key_size_threshold=0.0, compression="zlib", **options)
        keep(name, rows[:200])
    pyarrow.orc.write_table(table.slice(0, 0), HERE / "odd-empty.orc")
    keep("odd-empty.orc", [])
    pyarrow.orc.write_table(pa.table([pa.array([1])], names=["id"]), HERE / "odd-data.orc")
    nulls = pa.table([pa.array([1, 2]), pa.array(["s3://b/t/a", None])], schema=pa.schema(fields))
    pyarrow.orc.write_table(nulls, HERE / "odd-null.orc")


def odd_positions():
    """What brings out every kind of run: repeats, few wide values among narrow ones, steps up and down, the whole width."""
    ends = [0, 1, 2**31 - 1, 2**31, 2**53 + 1, 2**62, 2**63 - 1]
    mixed = [(i * 2654435761) % 1000 + (2**40 if i % 50 == 7 else 0) for i in range(300)]
    return [5] * 8 + mixed + list(range(900, 0, -3)) + [i * i * i for i in range(200)] + ends + [7] * 600 + list(range(700))


def make_odd_files():
    ids = {"file_path": PATH_ID, "pos": POS_ID}
    arrow("odd-order.parquet", fields=[field("pos", pa.int64(), POS_ID), field("file_path", pa.string(), PATH_ID)])
    arrow("odd-names.parquet", fields=[field("b", pa.int64(), POS_ID), field("a", pa.string(), PATH_ID)])
    for version in ("1.0", "2.0"):
        fields = [field(name, kind, ids[name], True) for name, kind in (("file_path", pa.string()), ("pos", pa.int64()))]
        arrow(f"odd-optional-{version[0]}.parquet", fields=fields, data_page_version=version)
    arrow("odd-no-ids.parquet", fields=[field("file_path", pa.string(), None), field("pos", pa.int64(), None)])
    arrow("odd-int.parquet", rows=sample()[:40], types=(pa.string(), pa.int32()))
    arrow("odd-empty.parquet", rows=[], compression="zstd")
    arrow("odd-bytes.parquet", types=(pa.binary(), pa.int64()))
    pq.write_table(pa.table([pa.array([1])], names=["id"]), HERE / "odd-data.parquet")
    table = pa.table(
        [pa.array(["s3://b/t/a", None]), pa.array([1, 2])],
        schema=pa.schema([field("file_path", pa.string(), PATH_ID, True), field("pos", pa.int64(), POS_ID)]),
    )
    pq.write_table(table, HERE / "odd-null.parquet")


def make_row_files():
    rows = sample()
    inner = pa.struct([field("id", pa.int64(), "1", True), field("tags", pa.list_(field("element", pa.string(), "3", True)), "2", True)])
    schema = pa.schema(
        [field("file_path", pa.string(), PATH_ID), field("row", inner, ROW_ID, True), field("pos", pa.int64(), POS_ID)],
        {"delete-type": "position", "iceberg.schema": json.dumps(iceberg_schema())},
    )
    arrays = [
        pa.array([row[0] for row in rows]),
        pa.array([{"id": i, "tags": ["x"] * (i % 3)} for i in range(len(rows))], inner),
        pa.array([row[1] for row in rows]),
    ]
    pq.write_table(pa.table(arrays, schema=schema), HERE / "row-zstd.parquet", compression="zstd")
    keep("row-zstd.parquet", rows)


def iceberg_schema():
    return {
        "type": "struct",
        "schema-id": 0,
        "fields": [
            {"id": int(PATH_ID), "name": "file_path", "required": True, "type": "string", "doc": "Path of a file in which a deleted row is stored"},
            {"id": int(ROW_ID), "name": "row", "required": False, "type": {"type": "struct", "fields": [{"id": 1, "name": "id", "required": False, "type": "long"}]}},
            {"id": int(POS_ID), "name": "pos", "required": True, "type": "long"},
        ],
    }


class Kms(pe.KmsClient):
    def wrap_key(self, key_bytes, master_key_identifier):
        return base64.b64encode(key_bytes)

    def unwrap_key(self, wrapped_key, master_key_identifier):
        return base64.b64decode(wrapped_key)


def make_sealed_files():
    schema = pa.schema([field("file_path", pa.string(), PATH_ID), field("pos", pa.int64(), POS_ID)])
    table = pa.table([pa.array(["s3://b/t/a"]), pa.array([1])], schema=schema)
    factory = pe.CryptoFactory(lambda _: Kms())
    for name, plain in (("footer", False), ("columns", True)):
        config = pe.EncryptionConfiguration("footer", column_keys={"key": ["pos"]}, plaintext_footer=plain)
        properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), config)
        with pq.ParquetWriter(HERE / f"sealed-{name}.parquet", schema, encryption_properties=properties) as writer:
            writer.write_table(table)


# --- fastavro


def make_avro_files():
    rows = sample()
    inner = {"type": "record", "name": "r1", "fields": [
        {"name": "id", "type": ["null", "long"], "field-id": 1},
        {"name": "tags", "type": {"type": "array", "items": "string", "element-id": 3}, "field-id": 2},
    ]}
    fields = [
        {"name": "row", "type": ["null", inner], "default": None, "field-id": int(ROW_ID)},
        {"name": "pos", "type": "long", "field-id": int(POS_ID)},
        {"name": "file_path", "type": "string", "field-id": int(PATH_ID)},
    ]
    schema = {"type": "record", "name": "table", "fields": fields}
    records = [
        {"row": {"id": i, "tags": ["x"] * (i % 3)} if i % 5 else None, "pos": pos, "file_path": path} for i, (path, pos) in enumerate(rows)
    ]
    for codec in ("null", "deflate", "bzip2"):
        with (HERE / f"row-{codec}.avro").open("wb") as out:
            fastavro.writer(out, schema, records, codec=codec, sync_interval=2000, metadata={"delete-type": "position"}, sync_marker=bytes(range(16)))
        keep(f"row-{codec}.avro", rows)
    with (HERE / "odd-empty.avro").open("wb") as out:
        fastavro.writer(out, schema, [], codec="deflate", sync_marker=bytes(range(16)))
    keep("odd-empty.avro", [])


if LAB:
    make_spark_files()
else:
    old = json.loads((HERE / "expected.json").read_text())
    EXPECTED.update({name: [[path, pos] for path, positions in old[name] for pos in positions] for name in old if name.startswith("spark-")})
make_arrow_files()
make_orc_files()
make_odd_files()
make_row_files()
make_sealed_files()
make_avro_files()


def runs(rows):
    """Rows as [path, [positions]], equal neighbours together."""
    found = []
    for path, pos in rows:
        if not found or found[-1][0] != path:
            found.append([path, []])
        found[-1][1].append(pos)
    return found


def line(name):
    same = [other for other in sorted(EXPECTED) if EXPECTED[other] == EXPECTED[name]][0]
    value = runs(EXPECTED[name]) if same == name else same
    return f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"


(HERE / "expected.json").write_text("{\n" + ",\n".join(line(name) for name in sorted(EXPECTED)) + "\n}\n")
