import { readFileSync } from 'node:fs';

interface Schema {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const FOLDER = new URL('../../specs/schemas/', import.meta.url);

function load(file: string): Schema {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Schema;
}

/**
 * What is wrong with a value, by the part of JSON Schema that specs/schemas uses. Stricter than the standard: a field that the schema
 * does not name is an error, so that nothing is printed that is not published.
 */
export function violations(value: unknown, file: string): readonly string[] {
  return check(value, load(file), file, '$');
}

function check(value: unknown, schema: Schema, file: string, at: string): readonly string[] {
  if (schema.$ref !== undefined) {
    const [target = '', pointer] = schema.$ref.split('#/$defs/');
    const root = load(target === '' ? file : target);
    const found = pointer === undefined ? root : root.$defs?.[pointer];
    return found === undefined ? [`${at}: no schema ${schema.$ref}`] : check(value, found, target === '' ? file : target, at);
  }
  if (schema.oneOf !== undefined) {
    const results = schema.oneOf.map((one) => check(value, one, file, at));
    const fitting = results.filter((result) => result.length === 0).length;
    return fitting === 1 ? [] : [`${at}: ${fitting} of the schemas fit`, ...results.flat()];
  }
  const found: string[] = [];
  if ('const' in schema && value !== schema.const) found.push(`${at}: not ${JSON.stringify(schema.const)}`);
  if (schema.enum !== undefined && !schema.enum.includes(value)) found.push(`${at}: none of ${schema.enum.join(', ')}`);
  const types = schema.type === undefined ? undefined : [schema.type].flat();
  if (types !== undefined && !types.some((type) => isOfType(value, type))) return [`${at}: is not ${types.join(' or ')}`];
  if (typeof value === 'string' && schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) {
    found.push(`${at}: does not match ${schema.pattern}`);
  }
  if (typeof value === 'number' && schema.minimum !== undefined && value < schema.minimum) found.push(`${at}: too small`);
  if (Array.isArray(value) && schema.items !== undefined) {
    const { items } = schema;
    found.push(...value.flatMap((item, i) => check(item, items, file, `${at}[${i}]`)));
  }
  if (isOfType(value, 'object') && schema.properties !== undefined) {
    const fields = value as Readonly<Record<string, unknown>>;
    for (const name of schema.required ?? []) if (!(name in fields)) found.push(`${at}.${name}: missing`);
    for (const [name, field] of Object.entries(fields)) {
      const known = schema.properties[name];
      found.push(...(known === undefined ? [`${at}.${name}: not published`] : check(field, known, file, `${at}.${name}`)));
    }
  }
  return found;
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isSafeInteger(value);
    default:
      return typeof value === type;
  }
}
