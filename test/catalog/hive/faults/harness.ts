import type { Socket } from 'node:net';
import { expect, vi } from 'vitest';
import { Connection } from '../../../../src/catalog/hive/connection.js';
import { parseEndpoints } from '../../../../src/catalog/hive/endpoints.js';
import { WireFault } from '../../../../src/catalog/hive/faults.js';
import { fields, text } from '../../../../src/catalog/hive/fields.js';
import { dial, type HiveTls } from '../../../../src/catalog/hive/socket.js';
import type { ThriftStruct } from '../../../../src/catalog/hive/struct.js';
import { message, type ReceivedCall, type Script, type ScriptedServer, startRaw, startServer } from '../server.js';

/** Both transports: every fault is tried over each. */
export const FRAMINGS = [false, true] as const;

export interface FaultOptions {
  readonly framed: boolean;
  /** Deadline of the call that is answered wrongly, ms. */
  readonly timeoutMs?: number;
  readonly args?: ThriftStruct;
  readonly tls?: HiveTls;
}

/** The call that every fault is tried on. */
export const METHOD = 'get_table_req';

/** A reply to `call` that is right, with a text as its result. */
export function right(call: ReceivedCall, framed: boolean, result = 'x'.repeat(100)): Buffer {
  return message(2, call.method, call.seqid, fields([[0, text(result)]]), framed);
}

/** The right reply's start, then these bytes (hex). Framed: in a frame of `size` bytes, by default one they fill. */
export function headThen(call: ReceivedCall, framed: boolean, hex: string, size?: number): Buffer {
  const rest = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const body = Buffer.concat([message(2, call.method, call.seqid, new Map()).subarray(0, -1), rest]);
  return framed ? inFrame(body, size) : body;
}

export function inFrame(body: Buffer, size = body.length): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(size);
  return Buffer.concat([length, body]);
}

/** How the call ends that a server answers as `script` says; see `endOnSocket`. */
export async function endOf(script: Script, options: FaultOptions): Promise<WireFault> {
  return endOnServer(await startServer(script, { framed: options.framed }), options);
}

/** The same for a server that does as told with the socket, whatever it is sent. */
export async function endOfRaw(accept: (socket: Socket) => void, options: FaultOptions): Promise<WireFault> {
  return endOnServer(await startRaw(accept), options);
}

/**
 * Three calls to this server: how the one on the wire ends. Asserts what is true of every fault: the two in the queue and one that comes later
 * were not sent, the socket is destroyed, and once the server is gone no handle is left.
 */
export async function endOnServer(server: ScriptedServer, options: FaultOptions): Promise<WireFault> {
  const { framed, timeoutMs = 400, args = fields([]), tls } = options;
  const timers = watchTimers();
  try {
    const [endpoint] = parseEndpoints(server.uri);
    if (endpoint === undefined) throw new Error('no endpoint');
    const socket = await dial(endpoint, { connectMs: 5000, tls });
    const connection = new Connection(socket, framed);
    const patient = { timeoutMs: 60_000 };
    const calls = [
      connection.call(METHOD, args, { timeoutMs }),
      ...['b', 'c'].map((name) => connection.call(name, args, patient)),
    ];
    const [first, ...queued] = await Promise.all(calls.map(faultOf));
    for (const fault of queued) expect(fault).toMatchObject({ outcome: 'not-sent', reason: 'closed' });
    expect(connection.alive).toBe(false);
    expect(socket.destroyed).toBe(true);
    expect(await faultOf(connection.call('late', args, patient))).toMatchObject({ outcome: 'not-sent', reason: 'closed' });
    expect(first?.message).toContain(METHOD);
    return first as WireFault;
  } finally {
    await server.close();
    expect(timers.running()).toBe(0);
    await nothingOpen();
  }
}

export async function faultOf(call: Promise<unknown>): Promise<WireFault> {
  const error = await call.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WireFault);
  return error as WireFault;
}

/** Sockets and servers that keep this process alive: all are gone soon, since Node closes handles in later turns of its loop. */
export async function nothingOpen(): Promise<void> {
  const open = () => process.getActiveResourcesInfo().filter((name) => /^(TCP|TLS|GetAddrInfo)/.test(name));
  for (let turn = 0; turn < 1000 && open().length > 0; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(open()).toEqual([]);
}

/** Watches the timers that src/ sets from now on; the result tells how many of them still run. */
export function watchTimers(): { running(): number } {
  const timers: (NodeJS.Timeout & { readonly _destroyed?: boolean })[] = [];
  const real = globalThis.setTimeout;
  const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((...args: Parameters<typeof setTimeout>) => {
    const timer = real(...args);
    if (/\/src\/catalog\//.test(new Error().stack ?? '')) timers.push(timer);
    return timer;
  }) as typeof setTimeout);
  return {
    running() {
      spy.mockRestore();
      return timers.filter(({ _destroyed }) => _destroyed !== true).length;
    },
  };
}
