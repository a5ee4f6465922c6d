/** `npm start`: install, build, run the demo. Arguments go to the demo. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, install } from './lib/install.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
try {
  await install(root, () => {});
  await build(root, () => {});
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const env = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...process.env };
const demo = spawn(process.execPath, [join(root, 'bin', 'bcn.js'), 'demo', ...process.argv.slice(2)], { stdio: 'inherit', env });
// A terminal's Ctrl-C reaches the demo by itself; it decides how to end, and we wait for it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => demo.kill('SIGTERM'));
demo.on('close', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
});
