import { isUtf8 } from 'node:buffer';
import { BcnError } from '../../../errors.js';
import { type Codec, deflate, loadCodec, type WritableCodec } from '../../avro/codec.js';
import { type AvroHeader, headerWithCodec, readHeader } from '../../avro/header.js';
import { compileLocator, type Skipper } from '../../avro/locate.js';
import { parseSchema } from '../../avro/schema.js';
import { cannotHandle, damaged } from '../errors.js';
import { FILE_PATH, POS } from '../facts.js';
import type { Source } from '../source.js';

/** Slots of the cursor: where the two fields of a record lie. */
export const SLOT = { path: 0, pos: 1 } as const;
export const SLOTS = 2;

/** An Avro file of position deletes, its header read. */
export interface AvroDeletes {
  readonly header: AvroHeader;
  /** The header of the new file. */
  readonly newHeader: Buffer;
  readonly decompress: Codec['decompress'];
  /** That of the old file, or deflate where this platform cannot write that one. */
  readonly compress: WritableCodec['compress'];
  /** False when the blocks of the new file are packed by another codec. */
  readonly keepsCodec: boolean;
  /** Moves over a record and notes where its path and position start. */
  readonly skip: Skipper;
}

const FIRST_READ = 64 * 1024;
const MAX_HEADER = 16 * 1024 * 1024;

/**
 * Reads the header and refuses what could not be rewritten.
 *
 * @throws BcnError `corrupt`, `unsupported`
 */
export async function openAvro(source: Source): Promise<AvroDeletes> {
  const { header, bytes } = await findHeader(source);
  const text = metaText(header, 'avro.schema');
  if (text === undefined) throw damaged('its header has no schema');
  const schema = parseSchema(text);
  if (schema.kind !== 'record') throw cannotHandle(`its schema is ${schema.kind}, not a record`);
  const { skip, found } = compileLocator(schema, [
    { id: FILE_PATH, slot: SLOT.path, kinds: ['string'] },
    { id: POS, slot: SLOT.pos, kinds: ['long', 'int'] },
  ]);
  for (const [slot, id] of [
    [SLOT.path, FILE_PATH],
    [SLOT.pos, POS],
  ] as const)
    if (!found.has(slot)) throw cannotHandle(`its schema has no field with id ${id}`);
  const codec = await loadCodec(metaText(header, 'avro.codec'));
  const keepsCodec = codec.compress !== undefined;
  return {
    header,
    newHeader: keepsCodec ? bytes.subarray(0, header.end) : headerWithCodec(bytes, header, deflate.name),
    decompress: (data) => codec.decompress(data),
    compress: codec.compress ?? deflate.compress,
    keepsCodec,
    skip,
  };
}

async function findHeader(source: Source): Promise<{ readonly header: AvroHeader; readonly bytes: Buffer }> {
  for (let need = FIRST_READ; ; need *= 8) {
    const end = Math.min(need, source.size);
    const bytes = await source.range(0, end);
    try {
      return { header: readHeader(bytes), bytes };
    } catch (error) {
      if (end === source.size || need >= MAX_HEADER || !(error instanceof BcnError)) throw error;
    }
  }
}

function metaText(header: AvroHeader, key: string): string | undefined {
  const value = header.meta.get(key);
  if (value !== undefined && !isUtf8(value)) throw damaged(`the value of ${key} in its header is not UTF-8`);
  return value?.toString('utf8');
}
