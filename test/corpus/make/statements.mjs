/** Statements that several tables begin with. */

export const create = (version, properties = {}, rest = '(id bigint, s string) USING iceberg') => {
  const all = { 'format-version': String(version), ...properties };
  const list = Object.entries(all).map(([key, value]) => `'${key}'='${value}'`);
  return `CREATE TABLE $T ${rest} LOCATION '$L' TBLPROPERTIES (${list.join(', ')})`;
};

export const COW = {
  'write.delete.mode': 'copy-on-write',
  'write.update.mode': 'copy-on-write',
  'write.merge.mode': 'copy-on-write',
};
export const MOR = {
  'write.delete.mode': 'merge-on-read',
  'write.update.mode': 'merge-on-read',
  'write.merge.mode': 'merge-on-read',
};

/** Two files of three rows, then a change of each kind: entries of every status. */
export const HISTORY = [
  "INSERT INTO $T SELECT /*+ COALESCE(1) */ * FROM VALUES (1L, 'a'), (2L, 'b'), (3L, 'c')",
  "INSERT INTO $T SELECT /*+ COALESCE(1) */ * FROM VALUES (4L, 'd'), (5L, 'e'), (6L, null)",
  'DELETE FROM $T WHERE id = 2',
  "UPDATE $T SET s = 'changed' WHERE id = 5",
  "INSERT OVERWRITE $T SELECT /*+ COALESCE(1) */ * FROM VALUES (7L, 'g'), (8L, 'h')",
];
export const TWO = HISTORY.slice(0, 2);
