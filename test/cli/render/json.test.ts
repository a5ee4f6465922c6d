import { expect, test } from 'vitest';
import { createJsonOutput } from '../../../src/cli/render/json.js';
import { BcnError } from '../../../src/errors.js';
import { parseEvents } from '../run.js';
import { violations } from '../schema.js';

function collect(quiet = false) {
  let clock = 1_700_000_000_000;
  let text = '';
  const write = (line: string): void => {
    text += line;
  };
  const output = createJsonOutput({ write, cmd: 'backup', runId: 'r1', quiet, now: () => clock });
  return { output, tick: (ms: number) => (clock += ms), events: () => parseEvents(text) };
}

test('every event has the envelope and follows its schema', () => {
  const { output, events } = collect();
  output.report.progress({ phase: 'copying', done: 1, total: 2, bytes: 3, totalBytes: 4 });
  output.report.warn('careful', { object: 's3://b/k' });
  output.report.info('continuing run');
  output.step('Back it up', 'text for people');
  output.item('problem', { object: 's3://b/k', message: 'missing' });
  output.fail(new BcnError('corrupt', 'x', { table: 'd.t', object: 's3://b/k' }), ['S3: …']);
  output.finish(32, { code: 'corrupt', seconds: 1.5 });
  expect(events().map(({ type }) => type)).toEqual(['progress', 'warning', 'info', 'info', 'problem', 'error', 'summary']);
  for (const event of events()) {
    expect(event).toMatchObject({ v: 1, ts: '2023-11-14T22:13:20.000Z', cmd: 'backup', run_id: 'r1' });
    expect(violations(event, 'event.json')).toEqual([]);
  }
});

test('text for people is not printed', () => {
  const { output, events } = collect();
  output.text('NAME');
  output.say('done');
  expect(events()).toEqual([]);
});

test('progress comes once a second, at every new phase, and when a phase ends', () => {
  const { output, tick, events } = collect();
  for (let done = 0; done <= 1000; done += 1) {
    output.report.progress({ phase: 'a', done, total: 1000 });
    tick(10);
  }
  output.report.progress({ phase: 'b', done: 0 });
  const progress = events().map(({ phase, done }) => `${phase} ${done}`);
  expect(progress).toHaveLength(12);
  expect(progress.slice(-3)).toEqual(['a 900', 'a 1000', 'b 0']);
});

test('--quiet leaves warnings, data, errors and the summary', () => {
  const { output, events } = collect(true);
  output.report.progress({ phase: 'a', done: 1 });
  output.report.info('x');
  output.step('x', 'x');
  output.report.warn('careful');
  output.finish(0, { seconds: 0 });
  expect(events().map(({ type }) => type)).toEqual(['warning', 'summary']);
});
