"""Writes the files beside this one: python make.py (needs pyarrow and lz4 from PyPI, and the addresses of `npm run lab -- env`).

vectors.puffin   three deletion vectors of one DELETE over three data files, as Spark writes them; expected.json: what Spark's metadata
                 table says of them
theta.puffin     statistics of the same table (compute_table_stats)
packed.puffin    vectors.puffin with its footer in an LZ4 frame of the reference library
frames.json      LZ4 frames of the reference library in base64, by their options; all hold the bytes that `text()` makes, but for
                 noise (those of `noise()`, in a block that is not packed) and empty
"""

import base64
import json
import os
import pathlib
import struct
import urllib.request

import lz4.frame
from pyarrow import Codec
from pyarrow.fs import S3FileSystem

HERE = pathlib.Path(__file__).parent
LAB = json.loads(os.environ["BCN_LAB"])
TABLE = "hms.corpus.puffin_files"
LOCATION = "s3://warehouse/puffin files/naïve"


def text():
    return ("".join(f"{i * i % 997} " for i in range(120)) * 320).encode()


def noise():
    return bytes((i * i * 167 + i * 13) % 251 for i in range(200))


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


def make_spark_files():
    sql("CREATE NAMESPACE IF NOT EXISTS hms.corpus")
    sql(f"DROP TABLE IF EXISTS {TABLE} PURGE")
    properties = "'format-version' = '3', 'write.delete.mode' = 'merge-on-read'"
    sql(f"CREATE TABLE {TABLE} (id bigint) USING iceberg LOCATION '{LOCATION}' TBLPROPERTIES ({properties})")
    for start in (0, 10, 20):
        sql(f"INSERT INTO {TABLE} SELECT /*+ COALESCE(1) */ id FROM range({start}, {start + 10})")
    sql(f"DELETE FROM {TABLE} WHERE id % 4 = 1")
    columns = "referenced_data_file, content_offset, content_size_in_bytes, record_count, file_size_in_bytes, file_path"
    rows = sql(f"SELECT {columns} FROM {TABLE}.delete_files ORDER BY content_offset")
    assert len({row[5] for row in rows}) == 1
    (HERE / "vectors.puffin").write_bytes(get(rows[0][5]))
    expected = [dict(zip(("dataFile", "offset", "size", "records", "fileSize"), row)) for row in rows]
    (HERE / "expected.json").write_text(json.dumps(expected, indent=2, ensure_ascii=False) + "\n")
    ((statistics,),) = sql(f"CALL hms.system.compute_table_stats(table => '{TABLE.split('.', 1)[1]}')")
    (HERE / "theta.puffin").write_bytes(get(statistics))
    sql(f"DROP TABLE {TABLE} PURGE")


def pack_footer():
    plain = (HERE / "vectors.puffin").read_bytes()
    (size,) = struct.unpack("<i", plain[-12:-8])
    start = len(plain) - 12 - size
    frame = lz4.frame.compress(plain[start:-12], content_checksum=True)
    (HERE / "packed.puffin").write_bytes(plain[:start] + frame + struct.pack("<iI", len(frame), 1) + b"PFA1")


def make_frames():
    frames = {}
    flags = ("block_linked", "content_checksum", "block_checksum", "store_size")
    for chosen in ((), flags, flags[1:], flags[:2], flags[3:]):
        options = {flag: flag in chosen for flag in flags}
        frames[" ".join(chosen) or "none"] = lz4.frame.compress(text(), block_size=4, **options)
    frames["block of 4 MB, best"] = lz4.frame.compress(text(), block_size=7, compression_level=12)
    frames["pyarrow"] = Codec("lz4").compress(text(), asbytes=True)
    frames["noise"] = lz4.frame.compress(noise(), block_checksum=True, content_checksum=True)
    frames["empty"] = lz4.frame.compress(b"", content_checksum=True)
    encoded = {name: base64.b64encode(frame).decode() for name, frame in frames.items()}
    (HERE / "frames.json").write_text(json.dumps(encoded, indent=2) + "\n")


make_spark_files()
pack_footer()
make_frames()
