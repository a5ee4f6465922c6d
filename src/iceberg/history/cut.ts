import { JsonCursor, type Span } from '../json/cursor.js';
import { JsonObject } from '../json/object.js';
import { removal } from '../json/remove.js';
import { type Splice, splice } from '../json/splice.js';
import { decodeString } from '../json/text.js';
import { failType, shapeOf, walk } from '../json/walk.js';
import type { TableMetadata } from '../metadata.js';
import type { MetadataEdit } from '../rewrite-metadata.js';

const LISTS = ['snapshots', 'statistics', 'partition-statistics', 'snapshot-log'] as const;
const SHAPE = shapeOf([...LISTS, 'refs']);
/** Names of refs in one edit. */
const MOST_NAMES = 20;

/** What is left of a list or of the refs. */
interface Cut {
  readonly splices: readonly Splice[];
  readonly edits: readonly MetadataEdit[];
}

/**
 * Takes every snapshot that is not in `kept` out of the document, and all that speaks of it. Where a member is repeated each occurrence
 * is cut, since the paths in each are mapped later.
 */
export function cutDocument(
  bytes: Buffer,
  name: string,
  metadata: TableMetadata,
  kept: ReadonlySet<bigint>,
): { readonly bytes: Buffer; readonly edits: readonly MetadataEdit[] } {
  const cursor = JsonCursor.open(bytes, name);
  const cuts: Cut[] = [];
  let hasLog = false;
  walk(cursor, SHAPE, (field) => {
    hasLog ||= field === 'snapshot-log';
    const wanted = field === 'refs' ? 'object' : 'array';
    const kind = cursor.kind();
    if (kind === 'null') {
      const span = cursor.skip();
      if (field === 'snapshot-log') cuts.push(newLog(metadata, (entry) => ({ ...span, text: Buffer.from(`[${entry}]`) })));
    } else if (kind !== wanted) failType(cursor, field, kind, wanted);
    else if (field === 'refs') cuts.push(cutRefs(cursor, kept));
    else if (field === 'snapshot-log') cuts.push(cutLog(cursor, metadata, kept));
    else cuts.push(cutList(cursor, field, kept));
  });
  const end = cursor.at - 1;
  cursor.finish();
  // Behind all members: the first place is that of the record of odd spellings.
  if (!hasLog) cuts.push(newLog(metadata, (entry) => ({ start: end, end, text: Buffer.from(`,"snapshot-log":[${entry}]`) })));
  const splices = cuts.flatMap((cut) => cut.splices);
  return { bytes: splice(bytes, splices), edits: cuts.flatMap((cut) => cut.edits) };
}

/** Reads a list of objects that each name a snapshot. */
function readList(cursor: JsonCursor, field: string): { readonly whole: Span; readonly spans: Span[]; readonly ids: bigint[] } {
  const spans: Span[] = [];
  const ids: bigint[] = [];
  const whole = cursor.array((index) => {
    const item = JsonObject.read(cursor, `${field}[${index}]`);
    spans.push(item.span);
    ids.push(item.require('snapshot-id', item.int64));
  });
  return { whole, spans, ids };
}

function cutList(cursor: JsonCursor, field: string, kept: ReadonlySet<bigint>): Cut {
  const { spans, ids } = readList(cursor, field);
  const drops = ids.map((id) => !kept.has(id));
  return { splices: removal(spans, (index) => drops[index] === true), edits: countEdit(field, drops) };
}

/** An entry of a removed snapshot takes all before it along: between its neighbours neither was current. */
function cutLog(cursor: JsonCursor, metadata: TableMetadata, kept: ReadonlySet<bigint>): Cut {
  const { whole, spans, ids } = readList(cursor, 'snapshot-log');
  const last = ids.findLastIndex((id) => !kept.has(id));
  const splices = removal(spans, (index) => index <= last);
  const edits = countEdit(
    'snapshot-log',
    ids.map((_, index) => index <= last),
  );
  if (ids.length > last + 1 && ids.at(-1) === metadata.currentSnapshotId) return { splices, edits };
  const end = spans.length > last + 1 ? spans.at(-1)?.end : undefined;
  const added = newLog(metadata, (entry) => {
    if (end !== undefined) return { start: end, end, text: Buffer.from(`,${entry}`) };
    const emptied = splices.pop() ?? { start: whole.start + 1, end: whole.start + 1 };
    return { start: emptied.start, end: emptied.end, text: Buffer.from(entry) };
  });
  return { splices: [...splices, ...added.splices], edits: [...edits, ...added.edits] };
}

/** Adds the entry of the current snapshot, when there is one, where `place` says. */
function newLog(metadata: TableMetadata, place: (entry: string) => Splice): Cut {
  const { currentSnapshotId, lastUpdatedMs } = metadata;
  if (currentSnapshotId === undefined) return { splices: [], edits: [] };
  const entry = `{"timestamp-ms":${lastUpdatedMs},"snapshot-id":${currentSnapshotId}}`;
  return {
    splices: [place(entry)],
    edits: [{ field: 'snapshot-log', to: `${currentSnapshotId} current since ${lastUpdatedMs}` }],
  };
}

/** `main`, at the current snapshot, stays. Of a repeated name the last counts, and all go with it: else an earlier one would come to light. */
function cutRefs(cursor: JsonCursor, kept: ReadonlySet<bigint>): Cut {
  const spans: Span[] = [];
  const names: string[] = [];
  const heads = new Map<string, bigint>();
  cursor.object((key) => {
    const name = decodeString(cursor.bytes, key);
    const ref = JsonObject.read(cursor, `refs.${JSON.stringify(name)}`);
    spans.push({ start: key.start, end: ref.span.end });
    names.push(name);
    heads.set(name, ref.require('snapshot-id', ref.int64));
  });
  const isGone = (name: string) => !kept.has(heads.get(name) ?? -1n);
  const gone = [...heads.keys()].filter(isGone);
  if (gone.length === 0) return { splices: [], edits: [] };
  const listed = gone.slice(0, MOST_NAMES).map((name) => JSON.stringify(name));
  const more = gone.length > MOST_NAMES ? `, and ${gone.length - MOST_NAMES} more` : '';
  return {
    splices: removal(spans, (index) => isGone(names[index] ?? '')),
    edits: [{ field: 'refs', from: `${heads.size}`, to: `${heads.size - gone.length}, without ${listed.join(', ')}${more}` }],
  };
}

function countEdit(field: string, drops: readonly boolean[]): readonly MetadataEdit[] {
  const left = drops.filter((dropped) => !dropped).length;
  return left === drops.length ? [] : [{ field, from: `${drops.length}`, to: `${left}` }];
}
