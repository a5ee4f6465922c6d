import { summarise } from '../repository/commit.js';
import { resolveBackup } from '../repository/latest.js';
import { readRoot } from '../repository/root.js';
import { withScratch } from '../spill/scratch.js';
import type { CallOptions } from '../storage/port.js';
import { checkContent } from './content.js';
import { asProblem } from './context.js';
import { checkMetadata } from './metadata.js';
import type { Problem, VerifyDeps, VerifyOptions, VerifyResult } from './options.js';

/**
 * Proves that a backup will restore: every metadata object with its sha256, the tree they form, and every content file with its length; with `readData`
 * also every content file's checksum, where the backup has one. Writes nothing. Problems are returned, not thrown; errors that keep it from looking are thrown.
 */
export async function verify(deps: VerifyDeps, options: VerifyOptions): Promise<VerifyResult> {
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  const commit = await resolveBackup(deps.repository, options.name, call);
  const problems: Problem[] = [];
  const problem = (found: Problem) => {
    problems.push(found);
  };
  const checked = { metadata: 0, files: 0, bytesRead: 0, withoutChecksum: 0, missing: { files: 0, bytes: 0 } };
  for (const table of commit.tables) {
    try {
      const root = await readRoot(deps.repository, table, call);
      await withScratch(options.tmpDir, async (scratch) => {
        const context = { deps, options, table, commit, root, scratch, call, problem };
        checked.metadata += 1 + (await checkMetadata(context));
        const content = await checkContent(context);
        checked.files += content.files;
        checked.bytesRead += content.bytesRead;
        checked.withoutChecksum += content.withoutChecksum;
        checked.missing.files += content.missing.files;
        checked.missing.bytes += content.missing.bytes;
      });
    } catch (error) {
      problem(asProblem(error));
    }
  }
  return { backup: summarise(commit), checked, problems };
}
