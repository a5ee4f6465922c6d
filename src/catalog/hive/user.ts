import { userInfo } from 'node:os';

/** The user that this process runs as. A container may run under a number that has no name. */
export function processUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
