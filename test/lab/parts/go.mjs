/** Programs that Go compiles from their modules. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { provisionOnce } from '../../../scripts/lib/cache.mjs';
import { has, run } from '../../../scripts/lib/proc.mjs';

/**
 * Compile a program once and keep it.
 * @param {{ part: string, module: string, version: string, binary: string }} program  `binary`: the name that Go gives it
 * @param {(line: string) => void} log
 * @returns {Promise<string>} the folder that holds the binary
 */
export async function provisionGo({ part, module, version, binary }, log) {
  const make = async (folder) => {
    if (!has('go')) throw new Error(`Go is not installed, so ${part} cannot be compiled`);
    const env = { ...process.env, GOTOOLCHAIN: 'local', CGO_ENABLED: '0', GOFLAGS: '-trimpath -buildvcs=false', GOBIN: folder };
    await run('go', ['install', '-ldflags', '-s -w', `${module}@${version}`], { env, what: `go install ${part}` });
    if (!existsSync(join(folder, binary))) throw new Error(`go install left no ${binary} binary`);
  };
  return provisionOnce({ part, version, recipe: [module, version] }, make, { log });
}
