/** `Name:   value` lines, the values aligned; a value of several lines continues under itself. Absent values leave no line. */
export function facts(pairs: readonly (readonly [string, string | undefined])[], indent = ''): string {
  const shown = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
  const width = Math.max(0, ...shown.map(([name]) => name.length)) + 2;
  return shown
    .map(([name, value]) =>
      `${indent}${name.padEnd(width)}${value.replaceAll('\n', `\n${indent}${' '.repeat(width)}`)}`.trimEnd(),
    )
    .join('\n');
}
