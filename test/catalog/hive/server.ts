import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { fields, int32, struct, text } from '../../../src/catalog/hive/fields.js';
import { decodeStruct, encodeStruct, type ThriftStruct, type ThriftValue } from '../../../src/catalog/hive/struct.js';
import { StructScanner } from '../../../src/catalog/hive/wire.js';

/** A call as the scripted server received it. */
export interface ReceivedCall {
  /** The message, without a frame's length. */
  readonly bytes: Buffer;
  readonly method: string;
  readonly seqid: number;
  readonly args: ThriftStruct;
  readonly socket: Socket;
  /** Number of the connection, from 0. */
  readonly connection: number;
}

export interface ScriptedServer {
  readonly uri: string;
  readonly port: number;
  readonly calls: readonly ReceivedCall[];
  close(): Promise<void>;
}

/** What the server sends back: bytes, or nothing (then the script does what it wants with the socket). */
export type Script = (call: ReceivedCall) => Buffer | undefined;

/** A server on a real socket that reads real calls and answers as scripted: for what a real metastore cannot be made to do. */
export async function startServer(script: Script, options: { framed?: boolean; tls?: TlsOptions } = {}): Promise<ScriptedServer> {
  const calls: ReceivedCall[] = [];
  let connections = 0;
  const accept = (socket: Socket) => {
    const connection = connections++;
    let gathered = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      gathered = Buffer.concat([gathered, chunk]);
      // As real servers do with what is no call.
      if (!startsCall(gathered, options.framed ?? false)) return void socket.destroy();
      const parsed = parseCall(gathered, options.framed ?? false);
      if (parsed === undefined) return;
      const bytes = gathered.subarray(options.framed ? 4 : 0);
      gathered = Buffer.alloc(0);
      const call = { ...parsed, bytes, socket, connection };
      calls.push(call);
      const answer = script(call);
      if (answer !== undefined) socket.write(answer);
    });
  };
  return listen(options.tls === undefined ? createServer(accept) : createTlsServer(options.tls, accept), calls);
}

/** A server that does as told with each socket. */
export async function startRaw(accept: (socket: Socket) => void): Promise<ScriptedServer> {
  return listen(
    createServer((socket) => {
      socket.on('error', () => {});
      accept(socket);
    }),
    [],
  );
}

async function listen(server: Server, calls: ReceivedCall[]): Promise<ScriptedServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { uri: `thrift://127.0.0.1:${port}`, port, calls, close };
}

/** Whether these may be the first bytes of a call. */
export function startsCall(bytes: Buffer, framed: boolean): boolean {
  const head = bytes.subarray(framed ? 4 : 0).subarray(0, 4);
  return Buffer.from('80010001', 'hex').subarray(0, head.length).equals(head);
}

/** The call that `bytes` are; undefined while some of them are missing. */
export function parseCall(bytes: Buffer, framed: boolean): { method: string; seqid: number; args: ThriftStruct } | undefined {
  const at = framed ? 4 : 0;
  if (bytes.length < at + 8) return undefined;
  const nameEnd = at + 8 + bytes.readInt32BE(at + 4);
  const scanner = new StructScanner(nameEnd + 4);
  if (bytes.length < nameEnd + 4 || !scanner.advance(bytes, bytes.length)) return undefined;
  const method = bytes.toString('utf8', at + 8, nameEnd);
  return { method, seqid: bytes.readInt32BE(nameEnd), args: decodeStruct(bytes.subarray(nameEnd + 4, scanner.position)) };
}

/** Bytes of a message. kind 2 = reply, 3 = exception. */
export function message(kind: number, name: string, seqid: number, body: ThriftStruct, framed = false): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(0x80010000 + kind);
  head.writeInt32BE(Buffer.byteLength(name), 4);
  const tail = Buffer.alloc(4);
  tail.writeInt32BE(seqid);
  const bytes = Buffer.concat([head, Buffer.from(name), tail, encodeStruct(body)]);
  if (!framed) return bytes;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A reply with `value` as its field `id` (0: the result; else an exception); without a value, a void result. */
export function reply(call: ReceivedCall, value?: ThriftValue, id = 0): Buffer {
  return message(2, call.method, call.seqid, fields([[id, value]]));
}

/** One of the metastore's exceptions: a struct with a message. */
export function thrown(call: ReceivedCall, id: number, textOf: string): Buffer {
  return reply(call, struct(fields([[1, text(textOf)]])), id);
}

export function unknownMethod(call: Pick<ReceivedCall, 'method' | 'seqid'>): Buffer {
  const body = fields([
    [1, text(`Invalid method name: '${call.method}'`)],
    [2, int32(1)],
  ]);
  return message(3, call.method, call.seqid, body);
}
