import { type DeleteFile, Source, Window } from '../deletes/source.js';
import { cannotHandle } from './errors.js';
import { readPuffin } from './file.js';
import { rewriteFooter } from './rewrite.js';

/** Bytes handed on at a time. */
const CHUNK = 4 * 1024 * 1024;

/**
 * Writes a Puffin file again whose deletion vectors name other data files: all bytes before the footer as they are, then the new footer. Yields
 * the bytes of the new file and returns its size in bytes.
 *
 * @param path the new path of a data file
 * @throws BcnError `corrupt`, `unsupported` (`object` is the file's name), or what `path` or `file.read` throws
 */
export async function* rewritePuffin(
  file: DeleteFile,
  path: (dataFile: string) => string,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, { readonly size: number }> {
  const source = new Source(file, signal);
  const puffin = await readPuffin(file.name, file.size, (start, end) => source.range(start, end));
  if (puffin.kind !== 'puffin') throw cannotHandle('it is no Puffin file').withContext({ object: file.name });
  const { bytes, size } = rewriteFooter(puffin.footer, path);
  const blobs = new Window(source, 0, puffin.footer.start);
  while (blobs.left > 0) yield await blobs.take(Math.min(CHUNK, blobs.left));
  yield bytes;
  return { size };
}
