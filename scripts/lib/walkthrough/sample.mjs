/** A table with a past: partitions that change, columns that change, rows updated and deleted, a tag, a branch, timestamps. */

/**
 * @param {string} table  `database.table`, in Spark's catalog `hms`
 * @returns {string[]} the statements that make it
 */
export function sampleTable(table) {
  const t = `hms.${table}`;
  return [
    `CREATE TABLE ${t} (id bigint, customer string, amount decimal(12,2), ordered timestamp, items map<string,int>)
     USING iceberg PARTITIONED BY (days(ordered))`,
    `INSERT INTO ${t} SELECT id, concat('customer ', id % 7), cast(id * 1.25 AS decimal(12,2)),
     timestamp'2026-01-01 08:00:00' + make_interval(0, 0, 0, cast(id % 3 AS int), cast(id AS int)), map('apples', cast(id AS int))
     FROM range(0, 40)`,
    `ALTER TABLE ${t} CREATE TAG opening`,
    `ALTER TABLE ${t} ADD COLUMN note string AFTER customer`,
    `ALTER TABLE ${t} RENAME COLUMN customer TO buyer`,
    `INSERT INTO ${t} VALUES (9007199254740993, 'Zoë ☕', 'a large id', 19.99, timestamp'2026-02-01 23:59:59.999999', map('€', 1))`,
    `UPDATE ${t} SET note = 'corrected', amount = amount + 0.01 WHERE id < 5`,
    `ALTER TABLE ${t} REPLACE PARTITION FIELD days(ordered) WITH months(ordered)`,
    `INSERT INTO ${t} VALUES (100, 'monthly', null, null, timestamp'2026-03-05 12:00:00', null)`,
    `ALTER TABLE ${t} CREATE BRANCH audit`,
    `INSERT INTO ${t}.branch_audit VALUES (101, 'only on the branch', null, 1.00, timestamp'2026-03-06 12:00:00', map())`,
    `DELETE FROM ${t} WHERE id = 7`,
  ];
}

/** One more row, as an application writes it after the restore. */
export const moreRows = (table) =>
  `INSERT INTO hms.${table} VALUES (102, 'after the restore', null, 2.00, timestamp'2026-04-01 00:00:00', map('pears', 2))`;
