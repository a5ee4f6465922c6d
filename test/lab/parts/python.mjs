/** Python environments. They are only ever used as `bin/python`, since a venv's other scripts do not survive a rename. */
import { join } from 'node:path';
import { run } from '../../../scripts/lib/proc.mjs';

const CANDIDATES = ['python3.11', 'python3.12', 'python3.13', 'python3'];

/** The interpreter of a folder that `makeVenv` filled. */
export function pythonOf(folder) {
  return join(folder, 'venv', 'bin', 'python');
}

/** Make `folder/venv` with exactly these requirements. */
export async function makeVenv(folder, packages) {
  const python = await findPython('import venv, ensurepip');
  await run(python, ['-m', 'venv', join(folder, 'venv')], { what: 'python -m venv' });
  const options = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--no-input'];
  await run(pythonOf(folder), [...options, ...packages], { what: `pip install ${packages[0]}` });
}

/**
 * A command that runs Python 3.10 or newer and has these modules.
 * @param {string} imports  an import statement
 * @returns {Promise<string>}
 */
export async function findPython(imports) {
  for (const command of CANDIDATES) {
    try {
      await run(command, ['-c', `import sys; ${imports}; assert sys.version_info >= (3, 10)`]);
      return command;
    } catch {
      // Not there, or too old, or without them: the next one.
    }
  }
  throw new Error(`no Python 3.10 or newer that can "${imports}" is installed`);
}
