import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FileStore } from '../../src/storage/file/file-store.js';
import { MemoryStore } from '../../src/storage/memory/memory-store.js';
import { portSubject, type Subject, s3Subject } from '../conformance/abilities/subject.js';
import { ABILITIES, parseTable } from '../conformance/abilities/table.js';
import { describeWith, type LabWith } from '../lab/lab.js';
import { freshBucket, labConfig } from './s3/service.js';

const DOCUMENT = new URL('../../specs/05-stores.md', import.meta.url);
const table = parseTable(readFileSync(DOCUMENT, 'utf8'));

/** What the document says of a store is what is measured, row by row. */
function compare(name: string, open: () => Promise<Subject>): void {
  describe(`specs/05-stores.md on ${name}`, () => {
    test('names every ability, and no other', () => {
      expect([...(table.get(name)?.keys() ?? [])]).toEqual(ABILITIES.map((ability) => ability.name));
    });

    test.each(ABILITIES)('$name', async (ability) => {
      expect(await ability.measure(await open())).toBe(table.get(name)?.get(ability.name));
    });
  });
}

const memory = async () => portSubject(new MemoryStore('abilities'), 'try/');
compare('memory', memory);

compare('file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bcn-abilities-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return portSubject(new FileStore(), `${folder.slice(1)}/`);
});

async function raw(lab: LabWith<'s3'>): Promise<Subject> {
  const sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client({
    ...labConfig(lab),
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
  onTestFinished(() => client.destroy());
  return s3Subject({ sdk, client, bucket: await freshBucket(lab) });
}

describeWith(['s3'], 'MinIO', (lab) => compare('MinIO', () => raw(lab)));
describeWith(['versitygw'], 'versitygw', (lab) => compare('versitygw', () => raw({ ...lab, s3: lab.versitygw })));
