import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HiveClient } from '../../../src/catalog/hive/client.js';
import { parseEndpoints } from '../../../src/catalog/hive/endpoints.js';
import { getTextMap, text, withTexts } from '../../../src/catalog/hive/fields.js';
import { TABLE } from '../../../src/catalog/hive/hive-table.js';
import { HiveSession } from '../../../src/catalog/hive/session.js';
import type { ThriftStruct, ThriftValue } from '../../../src/catalog/hive/struct.js';
import { T } from '../../../src/catalog/hive/wire.js';
import { structs } from './arbitrary.js';
import { thriftEncode } from './oracle.js';
import { type ScriptedServer, startServer } from './server.js';

/*
 * A table whose fields we know nothing of, of all types and at all depths, is read over a socket, one parameter is changed, and it is written
 * back. What is compared are bytes: those the server sent (written by npm `thrift`), and those it got.
 */

const KEY = 'metadata_location';
// Long enough to stand nowhere else by chance.
const OLD = 's3a://warehouse/db/t/metadata/00001-5e9d1c4f.metadata.json';
let server: ScriptedServer;
let session: HiveSession;
let client: HiveClient;
let sent: Buffer;
let received: Buffer | undefined;

beforeAll(async () => {
  server = await startServer((call) => {
    if (call.method === 'get_table_req')
      return Buffer.concat([head(call.method, call.seqid, '0c00000c0001'), sent, Buffer.from('0000', 'hex')]);
    received = call.bytes;
    return Buffer.concat([head(call.method, call.seqid, ''), Buffer.of(0)]);
  });
  const timeouts = { connect: 5000, read: 5000, write: 5000 };
  session = new HiveSession({ endpoints: parseEndpoints(server.uri), framed: false, tls: undefined, timeouts, user: undefined });
  client = new HiveClient(session);
});

afterAll(async () => {
  session.close();
  await server.close();
});

test.each([
  ['of the same length', 's3a://warehouse/db/t/metadata/00002-77aa01b2.metadata.json'],
  ['of another length', 's3a://elsewhere/é.json'],
  ['of no length', ''],
])('a value %s: the bytes differ there, and only there', async (_what, replacement) => {
  await fc.assert(
    fc.asyncProperty(tables(), async (table) => {
      sent = thriftEncode(table);
      const read = await client.getTable('db', 't', {});
      expect(getTextMap(read ?? new Map(), TABLE.parameters).get(KEY)).toBe(OLD);
      const changed = withTexts(read ?? new Map(), TABLE.parameters, { [KEY]: replacement });
      await client.alterTable('db', 't', changed, new Map(), {});

      const at = sent.indexOf(OLD);
      expect(sent.indexOf(OLD, at + 1)).toBe(-1);
      const value = Buffer.alloc(4 + Buffer.byteLength(replacement));
      value.writeInt32BE(Buffer.byteLength(replacement));
      value.write(replacement, 4);
      const wanted = Buffer.concat([sent.subarray(0, at - 4), value, sent.subarray(at + OLD.length)]);
      // The call: its head, db and name, the table as field 3, then the environment.
      const start = Buffer.concat([
        head('alter_table_with_environment_context', 1, '', 1),
        Buffer.from('0b000100000002', 'hex'),
        Buffer.from('db'),
        Buffer.from('0b000200000001', 'hex'),
        Buffer.from('t'),
        Buffer.from('0c0003', 'hex'),
      ]);
      expect(received?.subarray(0, start.length).toString('hex')).toBe(start.toString('hex'));
      expect(received?.subarray(start.length, start.length + wanted.length).toString('hex')).toBe(wanted.toString('hex'));
      expect(received?.subarray(start.length + wanted.length).toString('hex')).toBe('0c00040d00010b0b000000000000');
    }),
    { numRuns: 150 },
  );
});

/** Bytes of a message's head, and of what stands before its struct. */
function head(method: string, seqid: number, then: string, kind = 2): Buffer {
  const name = Buffer.from(method);
  const bytes = Buffer.alloc(12 + name.length);
  bytes.writeUInt32BE(0x80010000 + kind);
  bytes.writeInt32BE(name.length, 4);
  name.copy(bytes, 8);
  bytes.writeInt32BE(seqid, 8 + name.length);
  return Buffer.concat([bytes, Buffer.from(then, 'hex')]);
}

/** Random fields around, before and behind the parameters, and random parameters (not even text) around the one. */
function tables(): fc.Arbitrary<ThriftStruct> {
  const strings = fc.uint8Array({ maxLength: 12 }).map((bytes): ThriftValue => ({ type: T.STRING, value: Buffer.from(bytes) }));
  const entries = fc.array(fc.tuple(strings, strings), { maxLength: 5 });
  return fc.tuple(structs(4), structs(4), structs(5), entries, entries).map(([before, behind, sd, less, more]) => {
    const one = [text(KEY), text(OLD)] as const;
    const parameters = { keyType: T.STRING, valueType: T.STRING, entries: [...less, one, ...more] };
    const known = new Map<number, ThriftValue>([
      [TABLE.parameters, { type: T.MAP, value: parameters }],
      [TABLE.sd, { type: T.STRUCT, value: sd }],
    ]);
    const others = (all: ThriftStruct, taken: ThriftStruct) => [...all].filter(([id]) => !known.has(id) && !taken.has(id));
    return new Map([...others(before, new Map()), ...known, ...others(behind, before)]);
  });
}
