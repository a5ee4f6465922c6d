import type { Cursor } from './cursor.js';
import { cannotHandle, damaged } from './errors.js';
import type { Locator, Wanted } from './locate.js';

/** Reads the fields that a locator has found. Each moves the cursor to its field: the caller puts it back behind the record. */

export function isPresent(c: Cursor, slot: number): boolean {
  return (c.slots[slot] as number) >= 0;
}

export function optionalText(c: Cursor, slot: number): string | undefined {
  return seek(c, slot) ? c.readString() : undefined;
}

export function optionalLong(c: Cursor, slot: number): bigint | undefined {
  return seek(c, slot) ? c.readLong() : undefined;
}

/** An int or long that must be a safe integer. */
export function optionalNumber(c: Cursor, slot: number): number | undefined {
  return seek(c, slot) ? c.readSmall() : undefined;
}

export function text(c: Cursor, slot: number, what: string): string {
  if (!seek(c, slot)) throw missing(what);
  return c.readString();
}

/** A text that is not empty. */
export function path(c: Cursor, slot: number, what: string): string {
  const value = text(c, slot, what);
  if (value === '') throw damaged(`an entry with an empty ${what}`);
  return value;
}

export function long(c: Cursor, slot: number, what: string): bigint {
  if (!seek(c, slot)) throw missing(what);
  return c.readLong();
}

/** A size or an id: a safe integer that is not negative. */
export function size(c: Cursor, slot: number, what: string): number {
  if (!seek(c, slot)) throw missing(what);
  const value = c.readSmall();
  if (value < 0) throw damaged(`an entry with a negative ${what}: ${value}`);
  return value;
}

/** @throws BcnError `unsupported` when the schema lacks one of the fields that must be there */
export function requireFields(locator: Locator, wanted: readonly Wanted[], ids: readonly number[], what: string): void {
  for (const { id, slot, fields } of wanted) {
    if (fields !== undefined) requireFields(locator, fields, ids, what);
    else if (ids.includes(id) && !locator.found.has(slot as number)) {
      throw cannotHandle(`its schema has no field with id ${id}, so it is not ${what}`);
    }
  }
}

function seek(c: Cursor, slot: number): boolean {
  const at = c.slots[slot] as number;
  if (at < 0) return false;
  c.pos = at;
  return true;
}

function missing(what: string) {
  return damaged(`an entry without ${what}`);
}
