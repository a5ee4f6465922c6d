import { request } from 'node:http';

const FIVE_MINUTES = 300_000;

/**
 * POST JSON to a server of the lab and return its JSON answer. Not `fetch`: that gives up after five minutes without
 * a header whatever one asks for, and a first query may be slow on a busy machine.
 * @throws Error with the server's own text when it answers with an error
 */
export function post<T>(base: string, path: string, body: unknown, timeout: number = FIVE_MINUTES): Promise<T> {
  const data = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(data) };
    const outgoing = request(new URL(path, base), { method: 'POST', headers, timeout }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        try {
          const answer = JSON.parse(text) as T & { readonly error?: string };
          if (response.statusCode === 200) resolve(answer);
          else reject(new Error(`${path}: ${answer.error ?? text}`));
        } catch (error) {
          reject(new Error(`${path}: not JSON: ${text.slice(0, 200)}`, { cause: error }));
        }
      });
      response.on('error', reject);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${path}: no answer within ${timeout} ms`)));
    outgoing.on('error', reject);
    outgoing.end(data);
  });
}

/** What a cell may be; the encoding is described at the head of each server's file. Integers and decimals are strings. */
export type Cell = null | boolean | string | number | readonly Cell[] | { readonly [name: string]: Cell };

export interface Rows {
  readonly columns: readonly string[];
  readonly types: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}
