import { describe, expect, test } from 'vitest';
import { keptSettings } from '../../src/config/kept.js';
import { s3Settings } from '../../src/config/s3.js';

const around = { aws: undefined, compose: false, region: undefined };
const PREFIX = 'BCN_REPO_S3';

test('nothing is asked for by default', () => {
  expect(keptSettings(PREFIX, {}, { S3_STORAGE_CLASS: '', S3_SSE_KMS_KEY_ID: '' })).toEqual({});
});

test('a flag comes before the variable of the place, that before the general one', () => {
  const env = { S3_STORAGE_CLASS: 'ONEZONE_IA', BCN_REPO_S3_STORAGE_CLASS: 'STANDARD_IA', S3_SSE_KMS_KEY_ID: 'alias/general' };
  expect(keptSettings(PREFIX, { storageClass: 'GLACIER_IR' }, env)).toEqual({
    storageClass: 'GLACIER_IR',
    kmsKey: 'alias/general',
  });
  expect(keptSettings(PREFIX, { sseKmsKeyId: 'k' }, env)).toEqual({ storageClass: 'STANDARD_IA', kmsKey: 'k' });
  expect(keptSettings('BCN_TARGET_S3', {}, env)).toEqual({ storageClass: 'ONEZONE_IA', kmsKey: 'alias/general' });
});

test('a flag is that of the place the command writes to; a source is never written', () => {
  const flags = { writes: { role: 'repo' as const, storageClass: 'STANDARD_IA' } };
  expect(s3Settings('repo', flags, {}, around).kept).toEqual({ storageClass: 'STANDARD_IA' });
  expect(s3Settings('target', flags, {}, around).kept).toEqual({});
  expect(s3Settings('source', flags, { S3_STORAGE_CLASS: 'STANDARD_IA' }, around).kept).toEqual({});
});

describe('refused', () => {
  test.each(['GLACIER', 'DEEP_ARCHIVE'])('%s: data files must be readable at any time', (value) => {
    expect(() => keptSettings(PREFIX, {}, { S3_STORAGE_CLASS: value })).toThrow(
      expect.objectContaining({ exit: 2, message: expect.stringMatching(`S3_STORAGE_CLASS may not be ${value}: .*archive`) }),
    );
  });

  test.each(['standard_ia', 'A B', ''])('no class: "%s"', (storageClass) => {
    expect(() => keptSettings(PREFIX, { storageClass }, {})).toThrow(/--storage-class is (no storage class|empty)/);
  });

  test.each(['a b', 'a\nb', 'ä'])('no key: "%s"', (sseKmsKeyId) => {
    expect(() => keptSettings(PREFIX, { sseKmsKeyId }, {})).toThrow(/--sse-kms-key-id is no id of a key/);
  });
});
