import { connect, type Socket } from 'node:net';
import type { Endpoint } from '../../../src/catalog/hive/endpoints.js';
import { parseCall, type ScriptedServer, startRaw, startsCall } from './server.js';

/** What is done with a call: sent on, answered instead of the server, carried out without an answer, or not even sent on. */
export type Verdict = 'pass' | 'swallow' | 'cut' | ((seqid: number) => Buffer);

export interface TamperingProxy {
  readonly uri: string;
  /** Names of the calls that came, in order. */
  readonly methods: readonly string[];
  close(): Promise<void>;
}

/** A proxy in front of a real metastore, for one call at a time on each connection, as this project's client makes them. */
export async function startProxy(upstream: Endpoint, judge: (method: string) => Verdict): Promise<TamperingProxy> {
  const methods: string[] = [];
  const behind = new Set<Socket>();
  const server: ScriptedServer = await startRaw((client) => {
    const real = connect(upstream.port, upstream.host);
    behind.add(real);
    let gathered = Buffer.alloc(0);
    let swallowing = false;
    real.on('error', () => client.destroy());
    real.on('close', () => client.destroy());
    client.on('close', () => real.destroy());
    real.on('data', (chunk: Buffer) => {
      if (swallowing) client.destroy();
      else client.write(chunk);
    });
    client.on('data', (chunk: Buffer) => {
      gathered = Buffer.concat([gathered, chunk]);
      // As real servers do with what is no call.
      if (!startsCall(gathered, false)) return void client.destroy();
      const call = parseCall(gathered, false);
      if (call === undefined) return;
      const bytes = gathered;
      gathered = Buffer.alloc(0);
      methods.push(call.method);
      const verdict = judge(call.method);
      if (typeof verdict === 'function') client.write(verdict(call.seqid));
      else if (verdict === 'cut') client.destroy();
      else {
        swallowing = verdict === 'swallow';
        real.write(bytes);
      }
    });
  });
  const close = async () => {
    for (const each of behind) each.destroy();
    await server.close();
  };
  return { uri: server.uri, methods, close };
}
