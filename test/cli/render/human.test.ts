import { expect, test } from 'vitest';
import { createHumanOutput } from '../../../src/cli/render/human.js';
import { BcnError } from '../../../src/errors.js';

function collect(quiet = false) {
  const text = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({ write: (chunk: string) => (text[name] += chunk) });
  const io = { stdout: stream('out'), stderr: stream('err'), env: {}, cwd: '/', signal: new AbortController().signal };
  const output = createHumanOutput(io, quiet, (line) => line.replaceAll('hunter22', '[secret]'));
  return { output, text };
}

test('data on stdout, all else on stderr', () => {
  const { output, text } = collect();
  output.report.progress({ phase: 'copying', done: 1, total: 2 });
  output.report.info('continuing run');
  output.report.warn('careful', { object: 's3://b/k' });
  output.item('backup', {}, 'facts');
  output.item('plan', {});
  output.text('table');
  output.step('title', '1. title');
  output.say('done');
  output.fail(new BcnError('corrupt', 'bad'), []);
  output.finish(0, {});
  expect(text.out).toBe('facts\ntable\n1. title\ndone\n');
  expect(text.err).toMatch(/^copying {2}1\/2\ncontinuing run\nbcn: warning: careful \(s3:\/\/b\/k\)\nbcn: bad\n {2}hint: .*\n$/);
});

test('--quiet leaves data, warnings and errors', () => {
  const { output, text } = collect(true);
  output.report.progress({ phase: 'copying', done: 1 });
  output.report.info('x');
  output.step('x', 'x');
  output.say('x');
  output.item('problem', {}, 'problem');
  output.report.warn('careful');
  output.fail(new BcnError('usage', 'bad', { hint: 'h' }), []);
  expect(text).toEqual({ out: 'problem\n', err: 'bcn: warning: careful\nbcn: bad\n  hint: h\n' });
});

test('secrets and control characters reach neither stream', () => {
  const { output, text } = collect();
  output.say('hunter22 \u001b[2J');
  output.report.progress({ phase: 'copying hunter22', done: 1 });
  output.report.warn('hunter22');
  output.fail(new BcnError('corrupt', 'hunter22'), ['hunter22']);
  for (const bad of ['hunter22', '\u001b']) expect(text.out + text.err).not.toContain(bad);
});
