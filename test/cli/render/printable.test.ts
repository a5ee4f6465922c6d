import { expect, test } from 'vitest';
import { printable } from '../../../src/cli/render/printable.js';

test('a name cannot move the cursor, colour the terminal or turn the text around', () => {
  expect(printable('\u001b[2Jevil\r\u0007\u009b31m\u202eabc\t')).toBe('\\x1b[2Jevil\\x0d\\x07\\x9b31m\\u202eabc\\x09');
});

test('text in any language and newlines stay', () => {
  expect(printable('Überzelt ⛺\n日本語')).toBe('Überzelt ⛺\n日本語');
});
