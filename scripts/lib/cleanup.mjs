/**
 * Ends what a run started, however the run ends. Signals and crashes are handled here; against SIGKILL a small
 * watchdog process holds the list and acts when our end of its pipe closes.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { killRunning, stopServers } from './proc.mjs';

const WATCHDOG = fileURLToPath(new URL('./watchdog.mjs', import.meta.url));
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/**
 * @param {string} folder  removed at the end
 * @returns {{ keep: (server: object) => void, onEnd: (action: () => unknown) => void, end: () => Promise<void> }}
 */
export function createCleanup(folder) {
  const servers = [];
  const actions = [];
  const watchdog = spawn(process.execPath, [WATCHDOG, folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  watchdog.on('error', () => {});
  watchdog.stdin.on('error', () => {});
  watchdog.unref();
  watchdog.stdin.unref?.();

  let ending;
  const end = () => {
    ending ??= (async () => {
      killRunning();
      for (const action of actions) await Promise.resolve(action()).catch(() => {});
      await stopServers(servers);
      rmSync(folder, { recursive: true, force: true });
    })();
    return ending;
  };
  const endWith = async (code) => {
    await end();
    process.exit(code);
  };
  for (const [signal, code] of Object.entries(SIGNALS)) process.on(signal, () => void endWith(code));
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (error) => {
      console.error(error);
      void endWith(1);
    });
  }
  return {
    keep: (server) => {
      servers.push(server);
      watchdog.stdin.write(`${JSON.stringify(server)}\n`);
    },
    onEnd: (action) => actions.push(action),
    end,
  };
}
