import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { writeBytes } from '../../src/cli/io.js';

test('waits where the stream asks for it', async () => {
  let release = (): void => undefined;
  const slow = new Writable({
    highWaterMark: 4,
    write: (_chunk, _encoding, done) => {
      release = done;
    },
  });
  let over = false;
  const writing = writeBytes(slow, Buffer.from('12345678')).then(() => {
    over = true;
  });
  await new Promise(setImmediate);
  expect(over).toBe(false);
  release();
  await writing;
  expect(slow.listenerCount('drain') + slow.listenerCount('close')).toBe(0);
});

test('does not wait for one that was closed, before or meanwhile', async () => {
  const closed = new PassThrough({ highWaterMark: 1 });
  closed.on('error', () => undefined);
  const writing = writeBytes(closed, Buffer.from('1234'));
  closed.destroy();
  await writing;
  await writeBytes(closed, Buffer.from('1234'));
});

test('a stream that knows nothing of waiting', async () => {
  const chunks: unknown[] = [];
  await writeBytes({ write: (chunk: unknown) => chunks.push(chunk) }, Buffer.from('x'));
  expect(chunks).toEqual([Buffer.from('x')]);
});
