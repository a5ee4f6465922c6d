import { objectExists } from '../guard.js';
import type { WriteResult } from '../port.js';
import type { S3Connection } from './client.js';
import { failureOf, isS3Code } from './failure.js';
import { type ReadRequest, readObject } from './read.js';
import { retry } from './retry.js';
import { putObject } from './upload.js';

/**
 * Creates an object if its key is free, else throws `object-exists`. Where the service does not know If-None-Match (501), its own look at the key must do, which two writers at
 * once can both pass: the probe finds such a service, and the repository then contends for no key.
 */
export async function createObject(connection: S3Connection, at: ReadRequest, bytes: Uint8Array): Promise<WriteResult> {
  if (!connection.refused.conditionalPut) {
    try {
      // 409: another conditional write of this key is under way. Who wins is known soon.
      return await retry({ attempts: 6, when: isConflict, signal: at.signal }, () =>
        putObject(connection, { ...at, ifFree: true }, bytes),
      );
    } catch (error) {
      if (isConflict(error) && (await exists(connection, at).catch(() => false))) throw objectExists(at.object, error);
      if (!knowsNoConditions(error)) throw error;
    }
  }
  if (await exists(connection, at)) throw objectExists(at.object);
  const result = await putObject(connection, at, bytes);
  connection.refused.conditionalPut = true;
  return result;
}

/** The answer of a service that has no conditional writes at all. Only 501: what else looks like a refusal may pass, and must not turn a service that has them into one that has not. */
export function knowsNoConditions(error: unknown): boolean {
  const { status, code } = failureOf(error);
  return status === 501 || code === 'NotImplemented';
}

async function exists(connection: S3Connection, at: ReadRequest): Promise<boolean> {
  try {
    (await readObject(connection, at)).destroy();
    return true;
  } catch (error) {
    if (isS3Code(error, 'NoSuchKey')) return false;
    throw error;
  }
}

function isConflict(error: unknown): boolean {
  const { status, code } = failureOf(error);
  return status === 409 && (code === 'ConditionalRequestConflict' || code === 'OperationAborted' || code === 'Conflict');
}
