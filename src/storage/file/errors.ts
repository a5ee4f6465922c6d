import { BcnError } from '../../errors.js';
import { interrupted, notFound, unwritableKey } from '../guard.js';

/** What was being done, for the choice of code. */
export type FileAction = 'read' | 'write' | 'list' | 'delete';

/** The BcnError of a failed file operation; a BcnError passes through, a bug stays what it is. */
export function fileError(error: unknown, action: FileAction, object: string, signal?: AbortSignal): unknown {
  if (error instanceof BcnError) return error.withContext({ object });
  const { code, name, message } = error as NodeJS.ErrnoException;
  if (name === 'AbortError' || signal?.aborted) return interrupted(signal, object);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ENAMETOOLONG':
    case 'ELOOP':
      if (action === 'write') return unwritableKey(object, obstacle(code));
      return notFound(object, error);
    case 'ENOSPC':
    case 'EDQUOT':
      return new BcnError('storage-unavailable', `No space left to write ${object}. Nothing was written.`, {
        object,
        cause: error,
        hint: 'Free space on that file system (or raise the quota) and run the same command again.',
      });
    case 'EACCES':
    case 'EPERM':
      return new BcnError('storage-auth', `No permission to ${action} ${object}.`, {
        object,
        cause: error,
        hint: 'Give the user that runs bcn the rights on this folder.',
      });
    case 'EROFS':
      return new BcnError('storage-auth', `${object} lies on a read-only file system.`, {
        object,
        cause: error,
        hint: 'Mount it for writing, or choose another folder.',
      });
    case 'ENOTSUP':
    case 'ENOSYS':
      return new BcnError('unsupported', `The file system of ${object} lacks what bcn needs: ${message}.`, {
        object,
        cause: error,
        hint: 'Objects are created with hard links. Use a local file system, or object storage.',
      });
    default:
      if (code === undefined) return error;
      return new BcnError('storage-unavailable', `Could not ${action} ${object}: ${message}.`, {
        object,
        cause: error,
        hint: 'Check the file system, then run the same command again.',
      });
  }
}

function obstacle(code: string): string {
  if (code === 'ENOTDIR') return 'a file stands where it needs a folder';
  if (code === 'EISDIR') return 'a folder has this name';
  if (code === 'ENAMETOOLONG') return 'its path is too long for this file system';
  return `its folder cannot be made (${code})`;
}
