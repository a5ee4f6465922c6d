import { ApplicationFault, isServerException, ServerException, type ServerExceptionKind, WireFault } from './faults.js';
import { getStruct, getText } from './fields.js';
import type { ThriftStruct } from './struct.js';
import { ProtocolError } from './wire.js';

/** The exceptions a call declares, by their field ids in its result struct. */
export type Exceptions = Readonly<Record<number, ServerExceptionKind>>;

/** The result struct; throws the exception that it holds. */
export function withoutException(result: ThriftStruct, exceptions: Exceptions): ThriftStruct {
  return readResult(result, () => {
    for (const [id, kind] of Object.entries(exceptions)) {
      const thrown = getStruct(result, Number(id));
      if (thrown !== undefined) throw new ServerException(kind, getText(thrown, 1) ?? 'no message');
    }
    return result;
  });
}

/** A result that is missing or of another type is a broken answer to a call that the server has carried out. */
export function readResult<Result>(result: ThriftStruct, read: () => Result | undefined): Result {
  try {
    const value = read();
    if (value !== undefined) return value;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new WireFault('unknown', 'protocol', `unreadable answer: ${error.message}`);
  }
  throw new WireFault(
    'unknown',
    'protocol',
    `unreadable answer: neither a result nor an exception (fields: ${[...result.keys()].join(', ')})`,
  );
}

/** The result of a call without one has no field; any field is an exception that this client does not know. */
export function checkVoid(result: ThriftStruct): void {
  readResult(result, () => (result.size === 0 ? true : undefined));
}

/** undefined when the server knows no such object. */
export async function orMissing<Result>(call: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isServerException(error, 'NoSuchObjectException')) return undefined;
    throw error;
  }
}

/** `otherwise` when the server does not know the method. */
export async function orUnknown<Result>(call: () => Promise<Result>, otherwise: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ApplicationFault && error.unknownMethod) return otherwise();
    throw error;
  }
}
