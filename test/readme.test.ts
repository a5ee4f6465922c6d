import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EXIT_CODES } from '../src/cli/help.js';
import { buildProgram } from '../src/cli/parse.js';
import { VARIABLES } from '../src/config/variables.js';
import { ERROR_EXIT } from '../src/errors.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const sink = { write: () => true };
const io = { stdout: sink, stderr: sink, env: {}, cwd: '/', signal: new AbortController().signal };
const program = buildProgram(io, () => undefined);

test.each(VARIABLES.map(({ name }) => name))('the README knows %s', (name) => {
  expect(README).toContain(`\`${name}\``);
});

test('every exit code of an error is in the help, and every one of the help in the README', () => {
  const codes = EXIT_CODES.flatMap(([code]) => code.split(', '));
  for (const exit of Object.values(ERROR_EXIT)) expect(codes).toContain(String(exit));
  for (const [code] of EXIT_CODES) expect(README).toMatch(new RegExp(`^\\| ${code} \\| `, 'm'));
});

test('every command and option is in the README', () => {
  for (const command of program.commands) {
    expect(README).toContain(`\`bcn ${command.name()}`);
    for (const { long } of command.options) expect(README).toContain(long);
  }
});

test('every command line of the README is understood', () => {
  const shown = [...README.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) =>
    (block ?? '')
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((line) => line.startsWith('bcn ')),
  );
  expect(shown.length).toBeGreaterThan(5);
  for (const line of shown) {
    const chosen: string[] = [];
    buildProgram(io, (name) => chosen.push(name)).parse(line.trim().split(/\s+/).slice(1), { from: 'user' });
    expect(chosen).toEqual([line.split(' ')[1]]);
  }
});
