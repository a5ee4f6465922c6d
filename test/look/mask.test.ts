import { expect, test } from 'vitest';
import { masked, maskedValue } from '../../src/look/mask.js';

test.each([
  ['fs.s3a.secret.key', 'hunter22', '***'],
  ['PASSWORD', 'hunter22', '***'],
  ['oauth2.Token', 'hunter22', '***'],
  ['encryption.key-id', 'k1', '***'],
  ['password', '', ''],
  ['owner', 'me', 'me'],
  ['url', 'jdbc:postgresql://h/db?user=a&password=hunter22&ssl=true', 'jdbc:postgresql://h/db?user=a&password=***&ssl=true'],
  ['url', 'https://me:hunter22@host/x', 'https://***@host/x'],
  ['location', 's3://bucket/key=1/x', 's3://bucket/key=***'],
  ['comment', 'the keys of it', 'the keys of it'],
])('%s = %s', (key, value, shown) => {
  expect(masked(key, value)).toBe(shown);
});

test('however deep', () => {
  const value = { a: { secret: { x: 'hunter22', y: 7, z: null } }, list: [{ token: ['hunter22'] }], n: 1, key: 5, t: true };
  const shown = maskedValue('', value);
  expect(JSON.stringify(shown)).not.toContain('hunter22');
  expect(shown).toMatchObject({ list: [{ token: ['***'] }], n: 1, key: '***', t: true });
});
