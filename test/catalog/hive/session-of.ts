import { onTestFinished } from 'vitest';
import { parseEndpoints } from '../../../src/catalog/hive/endpoints.js';
import type { WireFault } from '../../../src/catalog/hive/faults.js';
import { text } from '../../../src/catalog/hive/fields.js';
import { HiveSession, type SessionOptions } from '../../../src/catalog/hive/session.js';
import { reply, type Script, type ScriptedServer, startServer } from './server.js';

/** A scripted server that is closed at the end of the test. */
export async function start(script: Script): Promise<ScriptedServer> {
  const server = await startServer(script);
  onTestFinished(() => server.close());
  return server;
}

/** A session with short deadlines that is closed at the end of the test. */
export function sessionOf(uris: string, changes: Partial<SessionOptions> = {}): HiveSession {
  const session = new HiveSession({
    endpoints: parseEndpoints(uris),
    framed: false,
    tls: undefined,
    timeouts: { connect: 1000, read: 1000, write: 1000 },
    user: undefined,
    ...changes,
  });
  onTestFinished(() => session.close());
  return session;
}

/** Answers each call with its name. */
export const echo: Script = (call) => reply(call, text(call.method));

/** What a call failed with, if it did. */
export const fault = (call: Promise<unknown>): Promise<WireFault | undefined> =>
  call.then(() => undefined).catch((reason: unknown) => reason as WireFault);
