import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { BcnError, type ErrorCode } from '../../../src/errors.js';
import { byteCompare } from '../../../src/storage/location.js';
import type { ListOptions, ObjectInfo, ObjectStore } from '../../../src/storage/port.js';

/** What a suite runs on. */
export interface StorageFixture {
  /** Lists in pages of 7. */
  readonly store: ObjectStore;
  /** Another store of the same service. */
  readonly sibling: ObjectStore;
  /** Keys below it belong to this run; ends in '/'. */
  readonly prefix: string;
  /** A bucket that does not exist, where the store has buckets. */
  readonly noBucket?: ObjectStore;
  /** What the store cannot hold, though the port allows it. */
  readonly refuses?: {
    readonly emptySegments?: boolean;
    readonly trailingSlash?: boolean;
    readonly controlCharacters?: boolean;
    /** An object beside objects "below" it (`a`, `a/b`). */
    readonly nested?: boolean;
  };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

/** All objects of a listing without a delimiter. */
export async function all(store: ObjectStore, prefix: string, options: ListOptions = {}): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const page of store.list(prefix, options)) found.push(...page.objects);
  return found;
}

export async function folded(store: ObjectStore, prefix: string) {
  const objects: string[] = [];
  const prefixes: string[] = [];
  for await (const page of store.list(prefix, { delimiter: '/' })) {
    expect(page.objects.length + page.prefixes.length).toBeLessThanOrEqual(7);
    objects.push(...page.objects.map(({ key }) => key));
    prefixes.push(...page.prefixes);
  }
  return { objects, prefixes };
}

/** The BcnError that a call must fail with; every error names its object and the next step. */
export async function failure(call: Promise<unknown>, code: ErrorCode): Promise<BcnError> {
  const error = await call.then(
    () => expect.fail(`expected ${code}, but the call succeeded`),
    (e: unknown) => e,
  );
  if (!(error instanceof BcnError)) throw error;
  expect(error).toMatchObject({ code });
  expect(error.object).toBeTruthy();
  return error;
}

/** The order by definition, to check `byteCompare` against. */
export function bytesOrder(a: string, b: string): number {
  const order = Buffer.compare(Buffer.from(a), Buffer.from(b));
  expect(Math.sign(byteCompare(a, b))).toBe(order);
  return order;
}
