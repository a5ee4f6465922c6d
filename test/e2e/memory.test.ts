import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileStore } from '../../src/storage/file/file-store.js';
import { describeWith } from '../lab/lab.js';
import { TableWriter } from '../support/table.js';
import { Bcn, unique } from './support.js';

const MiB = 1 << 20;
/** More than bcn may hold, many times: 16 streams of five 8 MiB parts each would be 640 MiB. */
const FILES = 20;
const FILE_BYTES = 40 * MiB;
/** Node itself and the SDK take about 120 MiB, the parts under way 128 MiB; the rest is room for garbage that is not collected yet. */
const LIMIT = 420 * MiB;

describeWith(['s3', 'hms'], 'streams between places', (lab) => {
  const database = unique('memory');
  const folder = mkdtempSync(join(tmpdir(), 'bcn-memory-'));
  const bcn = new Bcn(lab, `iceberg/${database}`);
  const peak = join(folder, 'peak');
  const spy = join(folder, 'spy.mjs');

  beforeAll(async () => {
    writeFileSync(
      spy,
      `import { writeFileSync } from 'node:fs';
       process.on('exit', () => writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS * 1024)));`,
    );
    const store = new FileStore();
    const table = new TableWriter(store, `file://${folder}/warehouse/${database}/t`);
    const bytes = randomBytes(FILE_BYTES);
    for (let file = 0; file < FILES; file++) {
      bytes.writeUInt32BE(file);
      await table.append({ [`f-${file}.parquet`]: Buffer.from(bytes) });
    }
    const metadata = await store.get(table.metadataLocation.slice('file:///'.length));
    const metadataFolder = table.metadataLocation.slice('file:///'.length, table.metadataLocation.lastIndexOf('/'));
    await store.create(`${metadataFolder}/v1.metadata.json`, metadata.bytes);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function peakOf(...args: readonly string[]): Promise<number> {
    await bcn.ok(args, { NODE_OPTIONS: `--import=${pathToFileURL(spy)}` });
    return Number(readFileSync(peak, 'utf8'));
  }

  test('memory stays within its bounds, however many large files are under way', async () => {
    const source = [
      '--database',
      database,
      '--table',
      't',
      '--catalog-type',
      'path',
      '--warehouse',
      `file://${folder}/warehouse`,
    ];
    expect(await peakOf('backup', ...source, '--backup-name', 'large', '--jobs', '20'), 'backup').toBeLessThan(LIMIT);
    const target = ['--target-database', database, '--target-table', 't', '--catalog-type', 'path'];
    const restored = ['restore', '--backup-name', 'large', ...target, '--jobs', '20'];
    expect(await peakOf(...restored, '--warehouse', `file://${folder}/restored`), 'restore').toBeLessThan(LIMIT);
    expect(await peakOf('verify', 'large', '--read-data'), 'verify').toBeLessThan(LIMIT);
  });
});
