import { expect, test } from 'vitest';
import { emptyLocation } from '../../../scripts/lib/walkthrough/prefix.mjs';

const nowhere = { endpoint: 'http://127.0.0.1:1', accessKey: 'a', secretKey: 's', region: 'us-east-1' };

test.each(['s3://bucket', 's3://bucket/', 's3://bucket/t_2', 's3://bucket/t/data', 's3:///t', 'file:///w/t', 'undefined', ''])(
  '%j is not emptied: it is not the place of the table t alone',
  async (location) => {
    await expect(emptyLocation(nowhere, location, 't')).rejects.toThrow('nothing was deleted');
  },
);
