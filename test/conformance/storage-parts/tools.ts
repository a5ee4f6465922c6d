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
  /** The same store as `store`, copying in parts whatever is longer than 5 MiB; absent where there are no parts. */
  readonly inParts?: ObjectStore;
  /** What the store cannot hold, though the port allows it: such keys are name conflicts, and nothing is written. */
  readonly refuses?: {
    /** `a//b` */
    readonly emptySegments?: boolean;
    /** `/a` */
    readonly leadingSlash?: boolean;
    /** `a/./b`, `a/../b` */
    readonly dotSegments?: boolean;
    /** `a/`; or only with bytes in it. */
    readonly trailingSlash?: boolean | 'with bytes';
    /** Characters that no key can have. */
    readonly characters?: readonly string[];
    /** A segment of more than 255 bytes. */
    readonly longSegments?: boolean;
    /** An object beside objects "below" it (`a`, `a/b`). */
    readonly nested?: boolean;
  };
  /** What the store cannot do, though it says it did. */
  readonly lacks?: {
    /** Of several creates of one key at once, more than one may succeed. */
    readonly compareAndSwap?: boolean;
    /** Objects "below" another are not listed. */
    readonly nestedListing?: boolean;
    /** An object whose name is longer than about 220 bytes can be written, but not replaced: that is a name conflict, and it stays as it is. */
    readonly replacingLongNames?: boolean;
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
