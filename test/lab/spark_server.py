"""One long-lived Spark session behind HTTP on 127.0.0.1 (LAB_HOST in a container). One request at a time.

GET  /                      -> {"spark": version, "warehouse": uri of the Hadoop catalog `path`}
POST /sql  {"sql": text}    -> {"columns": [name], "types": [Spark's simpleString], "rows": [[value]]}
POST /read {"path": uri of a metadata.json, "snapshot_id": "123" | null, "limit": rows} -> the same and "count": rows in all, as a string
POST /delete-file, /rewrite, /add-files, /position-rows: see spark_java.py
Errors: 400 {"error": text}.

Values: every integer, and every decimal, is a string (JSON numbers lose digits above 2^53); floats are numbers, but "NaN", "Infinity"
and "-Infinity"; binaries hex; dates and timestamps ISO 8601 (timestamps with a zone end in +00:00); structs objects; maps lists of
[key, value]; arrays lists; variants {"variant": JSON text}.

Catalogs: `hms` (Hive Metastore, S3FileIO), `path` (Hadoop catalog in a local folder), `static` (in memory; /read registers here, any S3 or local file).
"""

import math
import os
import uuid
from datetime import date, datetime, timezone
from decimal import Decimal
from http.server import HTTPServer

import spark_java
from json_handler import JsonHandler
from pyspark.sql import SparkSession
from pyspark.sql.types import TimestampNTZType, TimestampType, VariantVal

S3 = {
    "s3.endpoint": os.environ["LAB_S3_ENDPOINT"],
    "s3.path-style-access": "true",
    "s3.access-key-id": os.environ["LAB_S3_ACCESS_KEY"],
    "s3.secret-access-key": os.environ["LAB_S3_SECRET_KEY"],
    "client.region": "us-east-1",
}
CATALOGS = {
    "hms": {
        "type": "hive",
        "uri": os.environ["LAB_HMS_URI"],
        "warehouse": "s3://warehouse/hive",
        "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        "cache-enabled": "false",
        **S3,
    },
    "path": {"type": "hadoop", "warehouse": os.environ["LAB_WAREHOUSE"], "cache-enabled": "false"},
    "static": {
        "type": "jdbc",
        "uri": "jdbc:h2:mem:static;DB_CLOSE_DELAY=-1",
        "warehouse": os.environ["LAB_WAREHOUSE"] + "/static",
        "io-impl": "org.apache.iceberg.io.ResolvingFileIO",
        "cache-enabled": "false",
        **S3,
    },
}


def start_session():
    builder = (
        SparkSession.builder.master("local[2]")
        .appName("lab")
        .config("spark.jars", os.environ["LAB_JARS"])
        .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "2g")
        # Short statements on few cores: interpret the queries, compile Java quickly, collect with one thread.
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.warehouse.dir", os.environ["LAB_WAREHOUSE"] + "/spark")
        # Hive's own lock stalls on Derby when other clients write, too; the commit check stays.
        .config("spark.hadoop.iceberg.engine.hive.lock-enabled", "false")
    )
    for name, properties in CATALOGS.items():
        builder = builder.config(f"spark.sql.catalog.{name}", "org.apache.iceberg.spark.SparkCatalog")
        for key, value in properties.items():
            builder = builder.config(f"spark.sql.catalog.{name}.{key}", value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.sql("CREATE NAMESPACE IF NOT EXISTS static.lab")
    return spark


def plain(value, kind=None):
    """A Python value of Spark as JSON; see the head of this file."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, Decimal)):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, datetime):
        # collect() hands out local time, and the process runs in UTC.
        zoned = isinstance(kind, TimestampType) and value.tzinfo is None
        return (value.replace(tzinfo=timezone.utc) if zoned else value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, VariantVal):
        return {"variant": value.toJson()}
    if isinstance(value, dict):
        return [[plain(k, getattr(kind, "keyType", None)), plain(v, getattr(kind, "valueType", None))] for k, v in value.items()]
    if hasattr(value, "asDict"):
        return {field.name: plain(value[index], field.dataType) for index, field in enumerate(kind.fields)}
    if isinstance(value, (list, tuple)):
        return [plain(item, getattr(kind, "elementType", None)) for item in value]
    return str(value)


def answer(frame, limit=None):
    rows = (frame if limit is None else frame.limit(limit)).collect()
    fields = frame.schema.fields
    return {
        "columns": [field.name for field in fields],
        "types": [field.dataType.simpleString() for field in fields],
        "rows": [[plain(row[index], field.dataType) for index, field in enumerate(fields)] for row in rows],
    }


def read(spark, path, snapshot_id=None, limit=10_000):
    """Read a table from its metadata file alone, through a catalog in memory; nothing is written to the table's place."""
    name = "static.lab.t" + uuid.uuid4().hex
    literal = path.replace("\\", "\\\\").replace("'", "\\'")
    spark.sql(f"CALL static.system.register_table(table => '{name[7:]}', metadata_file => '{literal}')").collect()
    try:
        version = f" VERSION AS OF {int(snapshot_id)}" if snapshot_id is not None else ""
        frame = spark.sql(f"SELECT * FROM {name}{version}")
        return {**answer(frame, limit), "count": str(frame.count())}
    finally:
        spark.sql(f"DROP TABLE {name}")


spark = start_session()
JsonHandler.about = {"spark": spark.version, "warehouse": os.environ["LAB_WAREHOUSE"]}
JsonHandler.calls = {
    "/sql": lambda body: answer(spark.sql(body["sql"])),
    "/read": lambda body: read(spark, body["path"], body.get("snapshot_id"), body.get("limit") or 10_000),
    **spark_java.calls(spark),
}
HTTPServer((os.environ.get("LAB_HOST", "127.0.0.1"), int(os.environ["LAB_PORT"])), JsonHandler).serve_forever()
