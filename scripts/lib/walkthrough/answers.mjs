/** What a table answers, by every road into its history, and whether two tables answer the same. */

/**
 * @typedef {Map<string, string[]>} Answers  question -> rows as JSON texts, sorted
 */

/**
 * Every row of every snapshot and ref, the schema, the refs, the history.
 * @param {import('./spark.mjs').Sql} sql
 * @param {string} table  `database.table`
 * @returns {Promise<Answers>}
 */
export async function answersOf(sql, table) {
  const t = `hms.${table}`;
  const rows = async (query) => (await sql(query)).rows.map((row) => JSON.stringify(row)).sort();
  const answers = new Map();
  const snapshots = await sql(`SELECT snapshot_id FROM ${t}.snapshots ORDER BY committed_at, snapshot_id`);
  const refs = await sql(`SELECT lower(type), name FROM ${t}.refs ORDER BY name`);
  answers.set('schema', await rows(`DESCRIBE ${t}`));
  answers.set('refs', await rows(`SELECT name, type, snapshot_id FROM ${t}.refs`));
  answers.set('history', await rows(`SELECT * FROM ${t}.history`));
  for (const [id] of snapshots.rows) answers.set(`snapshot ${id}`, await rows(`SELECT * FROM ${t} VERSION AS OF ${id}`));
  for (const [type, name] of refs.rows) answers.set(`${type} ${name}`, await rows(`SELECT * FROM ${t} VERSION AS OF '${name}'`));
  answers.set('the table now', await rows(`SELECT * FROM ${t}`));
  return answers;
}

/**
 * @param {Answers} source
 * @param {Answers} restored
 * @returns {string[]} one line per question that they answer differently, with the first row that differs
 */
export function differences(source, restored) {
  const questions = new Set([...source.keys(), ...restored.keys()]);
  return [...questions].flatMap((question) => {
    const [before, after] = [source.get(question), restored.get(question)];
    if (!after) return [`${question}: only the source has it`];
    if (!before) return [`${question}: only the restored table has it`];
    const [lost, gained] = [without(before, after), without(after, before)];
    if (lost.length === 0 && gained.length === 0) return [];
    const count = `${rows(lost.length)} only in the source, ${rows(gained.length)} only in the restored table`;
    return [`${question}: ${count}; the first: ${lost[0] ?? gained[0]}`];
  });
}

/** Rows of `these` that `those` lack; a row that occurs twice counts twice. */
function without(these, those) {
  const left = new Map();
  for (const row of those) left.set(row, (left.get(row) ?? 0) + 1);
  return these.filter((row) => {
    const count = left.get(row) ?? 0;
    left.set(row, count - 1);
    return count <= 0;
  });
}

export const rows = (count) => `${count} ${count === 1 ? 'row' : 'rows'}`;
