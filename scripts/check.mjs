/** `npm run check`: the static checks alone. */
import { fileURLToPath } from 'node:url';
import { runChecks } from './lib/checks.mjs';
import { build, install } from './lib/install.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const log = (line) => console.error(line);
await install(root, log);
await build(root, log);
const results = await runChecks(root, log);
process.exitCode = results.every((result) => result.passed) ? 0 : 1;
