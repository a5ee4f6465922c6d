import { defineConfig } from 'vitest/config';

/** Only by hand: `KEEP=<name> npx vitest run --config test/kept/make.config.ts` (README.md). */
export default defineConfig({ test: { include: ['test/kept/make.ts'], testTimeout: 60_000 } });
