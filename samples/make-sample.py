"""Makes the table that samples/repository holds a backup of. Needs pyiceberg 0.12, pyarrow and SQLAlchemy.

    python samples/make-sample.py            # writes /tmp/bcn-sample/warehouse/shop/orders
    BACKUP_BUCKET=file://$PWD/samples/repository \
      node bin/bcn.js backup --catalog-type path --warehouse file:///tmp/bcn-sample/warehouse \
      --database shop --table orders --backup-name orders-sample

The table lies as Iceberg's Hadoop catalog lays tables out, at a path that says nothing about the machine.
"""

import datetime as dt
import shutil
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import EqualTo
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DateType, DecimalType, LongType, NestedField, StringType, TimestamptzType

ROOT = Path("/tmp/bcn-sample")
TABLE = ROOT / "warehouse/shop/orders"

SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=True),
    NestedField(2, "region", StringType(), required=True),
    NestedField(3, "item", StringType()),
    NestedField(4, "price", DecimalType(9, 2)),
    NestedField(5, "ordered", DateType()),
)
ARROW = [
    pa.field("id", pa.int64(), nullable=False),
    pa.field("region", pa.string(), nullable=False),
    pa.field("item", pa.string()),
    pa.field("price", pa.decimal128(9, 2)),
    pa.field("ordered", pa.date32()),
]
SHIPPED = pa.field("shipped", pa.timestamp("us", tz="UTC"))


def rows(fields, *values):
    return pa.Table.from_pylist([dict(zip([f.name for f in fields], row)) for row in values], schema=pa.schema(fields))


def day(n):
    return dt.date(2026, 3, n)


def at(n, hour):
    return dt.datetime(2026, 3, n, hour, 30, 15, 123456, tzinfo=dt.timezone.utc)


def main():
    shutil.rmtree(ROOT, ignore_errors=True)
    TABLE.parent.mkdir(parents=True)
    catalog = SqlCatalog("sample", uri=f"sqlite:///{ROOT}/catalog.db", warehouse=f"file://{ROOT}/warehouse")
    catalog.create_namespace("shop")
    table = catalog.create_table(
        "shop.orders",
        SCHEMA,
        location=f"file://{TABLE}",
        partition_spec=PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "region")),
        properties={"format-version": "2", "write.parquet.compression-codec": "snappy", "owner": "bcn"},
    )
    table.append(
        rows(
            ARROW,
            (1, "eu", "lantern", Decimal("19.90"), day(1)),
            (2, "eu", "rope", Decimal("7.25"), day(1)),
            (3, "us", "compass", Decimal("42.00"), day(2)),
            (4, "us", "kettle", Decimal("23.10"), day(2)),
        )
    )
    table.manage_snapshots().create_tag(table.current_snapshot().snapshot_id, "opening-day").commit()

    with table.update_schema() as update:
        update.add_column("shipped", TimestamptzType())
    table.append(
        rows(
            [*ARROW, SHIPPED],
            (5, "eu", "tent", Decimal("149.00"), day(3), at(4, 9)),
            (6, "apac", "stove", Decimal("64.50"), day(3), at(5, 17)),
            # Above 2^53: exact only where int64 is kept as such.
            (9007199254740993, "apac", "Überzelt ⛺", None, day(4), None),
        )
    )
    table.manage_snapshots().create_branch(table.current_snapshot().snapshot_id, "audit").commit()

    table.overwrite(
        rows([*ARROW, SHIPPED], (1, "eu", "lantern", Decimal("17.90"), day(1), at(2, 8)), (7, "eu", "map", Decimal("5.00"), day(5), None)),
        overwrite_filter=EqualTo("region", "eu"),
    )

    # The Hadoop catalog's names for what the SQL catalog wrote.
    versions = sorted((TABLE / "metadata").glob("*.metadata.json"))
    current = Path(table.metadata_location.removeprefix("file://"))
    for number, file in enumerate(versions, start=1):
        if file == current:
            shutil.copy(file, TABLE / f"metadata/v{number}.metadata.json")
            (TABLE / "metadata/version-hint.text").write_text(str(number))
    print(f"{TABLE}: {len(table.metadata.snapshots)} snapshots, refs {sorted(table.metadata.refs)}")


main()
