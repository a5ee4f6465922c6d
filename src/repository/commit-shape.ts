/** Where a value is not what it should be, or undefined. `at`: the value's own place, as in `tables[0].root`. */
type Shape = (value: unknown, at: string) => string | undefined;

const is =
  (fits: (value: unknown) => boolean): Shape =>
  (value, at) =>
    fits(value) ? undefined : at;

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const matches = (pattern: RegExp) => (value: unknown) => typeof value === 'string' && pattern.test(value);
const isInt64 = matches(/^-?\d+$/);

/** An object with these fields; others are left to later versions. */
const fields =
  (shapes: Readonly<Record<string, Shape>>): Shape =>
  (value, at) => {
    if (!isObject(value)) return at;
    for (const [name, shape] of Object.entries(shapes)) {
      const wrong = shape((value as Readonly<Record<string, unknown>>)[name], at === '' ? name : `${at}.${name}`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };

const list =
  (shape: Shape, least: number): Shape =>
  (value, at) => {
    if (!Array.isArray(value) || value.length < least) return at;
    for (const [i, item] of value.entries()) {
      const wrong = shape(item, `${at}[${i}]`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };

/** A field that may be absent. */
const optional =
  (shape: Shape): Shape =>
  (value, at) =>
    value === undefined ? undefined : shape(value, at);

const text = is(isText);
const count = is((value) => Number.isSafeInteger(value) && (value as number) >= 0);
const amount = fields({ total: count, new: count });

const table = fields({
  catalog: fields({ type: text, identity: text }),
  identifier: list(text, 1),
  uuid: is((value) => value === null || isText(value)),
  entry: is(isObject),
  location: text,
  metadata_location: text,
  format_version: count,
  source: text,
  snapshots: count,
  refs: list(fields({ name: is((value) => typeof value === 'string'), type: text, snapshot_id: is(isInt64) }), 0),
  current_snapshot_id: is((value) => value === null || isInt64(value)),
  manifests: count,
  requires: optional(list(text, 0)),
  files: amount,
  bytes: amount,
  missing: optional(fields({ files: count, bytes: count })),
  root: fields({ key: text, length: count, sha256: is(matches(/^[0-9a-f]{64}$/)) }),
});

const commit = fields({
  name: text,
  run: text,
  bcn: text,
  when: is((value) => matches(/^\d{4}-\d\d-\d\dT/)(value) && !Number.isNaN(Date.parse(value as string))),
  mode: is((value) => value === 'copy' || value === 'reference'),
  partial: is((value) => typeof value === 'boolean'),
  origin: optional(fields({ repository: text, id: is(matches(/^[0-9a-f]{64}$/)) })),
  failed: optional(list(fields({ table: text, code: text, message: text }), 0)),
  tables: list(table, 1),
});

/**
 * The first field of a format 1 COMMIT that is missing or not what bcn relies on (format, "COMMIT"), or undefined. The id proves that
 * nothing changed since it was written, not that a sound program wrote it.
 */
export function wrongField(value: unknown): string | undefined {
  return commit(value, '');
}
