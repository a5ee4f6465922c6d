"""What engines other than Spark write, and SQL cannot say: through Iceberg's own classes in Spark's JVM.

POST /delete-file {"table": "catalog.db.t", "format"?: "parquet" | "avro" | "orc", "spec_id"?: default the table's current one,
                   "partition"?: {field: text}, "referenced_data_file"?: path, and one of
                   "positions": [[path, position]]  a position delete file with these rows, as they come; none only in avro and orc;
                            "path_bounds"?: {"id", "lower", "upper"} replaces its bounds: under any id, and cut, as other writers give them
                   "vector": {"path", "offset", "length", "records"}  a deletion vector that is there, for referenced_data_file
                   "equal": {"columns": [name], "where": [column, value], "snapshot_id"?: "123"}  an equality delete file with these columns
                            of the rows that the table (or a snapshot of it) has where column = value
                   } -> {"path", "snapshot_id", "sequence_number"}: committed as a row delta
POST /rewrite {"table", "snapshot_id"} -> the same: replaces the data files that a snapshot had (one partition, no deletes) by one with the same rows and the
                   sequence number of that snapshot, as a compaction does that began at it and commits now
POST /add-files {"table", "files": [{"path", "records"}]} -> the same, without a path: names Parquet files of an unpartitioned table where they
                   lie, as add_files does, which needs Hadoop's file systems
POST /position-rows {"table", "path"} -> {"rows": [[path, position]]} of a position delete file, read as Java's readers do
"""

class Java:
    def __init__(self, spark):
        self.spark = spark
        self.jvm = spark._jvm
        self.iceberg = spark._jvm.org.apache.iceberg

    def table(self, name):
        return self.iceberg.spark.Spark3Util.loadIcebergTable(self.spark._jsparkSession, name)

    def file_format(self, body):
        return self.iceberg.FileFormat.fromString(body.get("format") or "parquet")

    def partition(self, spec, values):
        """Of text fields: Python's numbers would become Java's in the wrong width."""
        if not values:
            return None
        record = self.iceberg.data.GenericRecord.create(spec.partitionType().asStructType())
        for name, value in values.items():
            record.setField(name, value)
        return record

    def output(self, table, spec, partition, kind):
        files = self.iceberg.io.OutputFileFactory.builderFor(table, 1, 1).format(kind).build()
        return files.newOutputFile(spec, partition) if partition else files.newOutputFile()

    def factory(self, table):
        return getattr(self.iceberg.data, "GenericFileWriterFactory$Builder")(table)


def done(table, path=None):
    table.refresh()
    snapshot = table.currentSnapshot()
    return {"path": path, "snapshot_id": str(snapshot.snapshotId()), "sequence_number": str(snapshot.sequenceNumber())}


def each(closeable):
    """The items of Iceberg's CloseableIterable, which is no collection to Python."""
    items = closeable.iterator()
    while items.hasNext():
        yield items.next()
    closeable.close()


def records(java, table, snapshot_id, where=None, columns=None):
    scan = java.iceberg.data.IcebergGenerics.read(table)
    if snapshot_id is not None:
        scan = scan.useSnapshot(int(snapshot_id))
    if where is not None:
        scan = scan.where(java.iceberg.expressions.Expressions.equal(*where))
    if columns is not None:
        names = java.jvm.java.util.ArrayList()
        for name in columns:
            names.add(name)
        scan = scan.select(names)
    return scan.build()


def delete_file(java, body):
    table = java.table(body["table"])
    spec = table.specs().get(int(body["spec_id"])) if body.get("spec_id") is not None else table.spec()
    partition = java.partition(spec, body.get("partition"))
    write = next(KINDS[key] for key in KINDS if key in body)
    file = write(java, body, table, spec, partition)
    table.newRowDelta().addDeletes(file).commit()
    return done(table, file.location())


def write_equality(java, body, table, spec, partition):
    equal = body["equal"]
    schema = table.schema().select(equal["columns"])
    ids = java.spark.sparkContext._gateway.new_array(java.jvm.int, len(equal["columns"]))
    for index, name in enumerate(equal["columns"]):
        ids[index] = schema.findField(name).fieldId()
    kind = java.file_format(body)
    factory = java.factory(table).deleteFileFormat(kind).equalityFieldIds(ids).equalityDeleteRowSchema(schema).build()
    writer = factory.newEqualityDeleteWriter(java.output(table, spec, partition, kind), spec, partition)
    for row in each(records(java, table, equal.get("snapshot_id"), equal["where"], equal["columns"])):
        writer.write(row)
    writer.close()
    return writer.toDeleteFile()


def write_positions(java, body, table, spec, partition):
    kind = java.file_format(body)
    factory = java.factory(table).deleteFileFormat(kind).build()
    writer = factory.newPositionDeleteWriter(java.output(table, spec, partition, kind), spec, partition)
    for path, position in body["positions"]:
        writer.write(java.iceberg.deletes.PositionDelete.create().set(path, int(position)))
    writer.close()
    file = writer.toDeleteFile()
    changed = java.iceberg.FileMetadata.deleteFileBuilder(spec).copy(file)
    if body.get("referenced_data_file"):
        changed = changed.withReferencedDataFile(body["referenced_data_file"])
    if body.get("path_bounds"):
        changed = changed.withMetrics(with_bounds(java, file, body["path_bounds"]))
    return changed.build()


def with_bounds(java, file, bounds):
    def one(value):
        result = java.jvm.java.util.HashMap()
        result.put(int(bounds["id"]), java.jvm.java.nio.ByteBuffer.wrap(value.encode()))
        return result

    counts = (file.recordCount(), file.columnSizes(), file.valueCounts(), file.nullValueCounts(), file.nanValueCounts())
    return java.iceberg.Metrics(*counts, one(bounds["lower"]), one(bounds["upper"]))


def name_vector(java, body, table, spec, partition):
    vector = body["vector"]
    builder = java.iceberg.FileMetadata.deleteFileBuilder(spec).ofPositionDeletes().withPath(vector["path"])
    if partition is not None:
        builder = builder.withPartition(partition)
    builder = builder.withFormat("puffin").withFileSizeInBytes(table.io().newInputFile(vector["path"]).getLength())
    builder = builder.withRecordCount(int(vector["records"])).withReferencedDataFile(body["referenced_data_file"])
    return builder.withContentOffset(int(vector["offset"])).withContentSizeInBytes(int(vector["length"])).build()


KINDS = {"positions": write_positions, "vector": name_vector, "equal": write_equality}


def rewrite(java, body):
    table = java.table(body["table"])
    snapshot = table.snapshot(int(body["snapshot_id"]))
    replaced = java.jvm.java.util.HashSet()
    for task in each(table.newScan().useSnapshot(snapshot.snapshotId()).planFiles()):
        if len(task.deletes()) > 0:
            raise ValueError("the snapshot has deletes")
        replaced.add(task.file())
    first = next(iter(replaced))
    spec = table.specs().get(first.specId())
    partition = first.partition() if spec.isPartitioned() else None
    if any(file.partition().toString() != first.partition().toString() for file in replaced):
        raise ValueError("the snapshot has files of several partitions")
    kind = java.file_format(body)
    out = java.output(table, spec, partition, kind)
    writer = java.factory(table).dataFileFormat(kind).build().newDataWriter(out, spec, partition)
    for row in each(records(java, table, body["snapshot_id"])):
        writer.write(row)
    writer.close()
    added = java.jvm.java.util.HashSet()
    added.add(writer.toDataFile())
    change = table.newRewrite().validateFromSnapshot(snapshot.snapshotId())
    change.rewriteFiles(replaced, added, snapshot.sequenceNumber()).commit()
    return done(table, writer.toDataFile().location())


def add_files(java, body):
    table = java.table(body["table"])
    append = table.newAppend()
    for file in body["files"]:
        size = table.io().newInputFile(file["path"]).getLength()
        entry = java.iceberg.DataFiles.builder(table.spec()).withPath(file["path"]).withFormat("parquet")
        append.appendFile(entry.withFileSizeInBytes(size).withRecordCount(int(file["records"])).build())
    append.commit()
    return done(table)


def position_rows(java, body):
    table = java.table(body["table"])
    kind = java.iceberg.FileFormat.fromFileName(body["path"])
    record = java.jvm.java.lang.Class.forName(
        "org.apache.iceberg.data.Record", True, java.jvm.java.lang.Thread.currentThread().getContextClassLoader()
    )
    schema = java.iceberg.io.DeleteSchemaUtil.pathPosSchema()
    file = table.io().newInputFile(body["path"])
    reader = java.iceberg.formats.FormatModelRegistry.readBuilder(kind, record, file).project(schema).build()
    return {"rows": [[row.getField("file_path"), str(row.getField("pos"))] for row in each(reader)]}


def calls(spark):
    """Path -> function of the parsed body, for the server."""
    java = Java(spark)
    return {
        "/delete-file": lambda body: delete_file(java, body),
        "/rewrite": lambda body: rewrite(java, body),
        "/add-files": lambda body: add_files(java, body),
        "/position-rows": lambda body: position_rows(java, body),
    }
