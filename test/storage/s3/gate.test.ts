import { expect, test } from 'vitest';
import { Gate } from '../../../src/storage/s3/gate.js';

/** Whether it lets pass by now. */
const isOpen = async (passing: Promise<void>) => {
  let open = false;
  void passing.then(() => {
    open = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return open;
};

test('opens when all have come', async () => {
  const gate = new Gate(3, 0, undefined);
  const first = gate.pass();
  const second = gate.pass();
  expect([await isOpen(first), await isOpen(second)]).toEqual([false, false]);
  await Promise.all([gate.pass(), first, second]);
});

test('waits after the last one came', async () => {
  const gate = new Gate(1, 60_000, undefined);
  const passing = gate.pass();
  expect(await isOpen(passing)).toBe(false);
  gate.open();
  await passing;
});

test('an answer to one that has not come opens it for the others', async () => {
  const gate = new Gate(2, 60_000, undefined);
  const passing = gate.pass();
  expect(await isOpen(passing)).toBe(false);
  gate.answered();
  await passing;
  expect(gate.took).toBe(0);
});

test('an abort opens it', async () => {
  const controller = new AbortController();
  const gate = new Gate(2, 60_000, controller.signal);
  const passing = gate.pass();
  controller.abort();
  await passing;
});

test('tells how long the first answer took', async () => {
  const gate = new Gate(1, 0, undefined);
  await gate.pass();
  await new Promise((resolve) => setTimeout(resolve, 30));
  gate.answered();
  const { took } = gate;
  expect(took).toBeGreaterThan(0);
  gate.answered();
  expect(gate.took).toBe(took);
});
