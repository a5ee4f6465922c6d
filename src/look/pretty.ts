/** A string, another scalar, or a structural character; the space between them is left out. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[^\s{}[\],:"]+|[{}[\],:]/gs;

/**
 * The lines of a JSON document, indented by two spaces. Every token stays as it is: 64-bit numbers, escapes, the order of members, repeated keys. `text` is valid
 * JSON.
 */
export function* prettyLines(text: string): Generator<string> {
  let line = '';
  let depth = 0;
  let opened = false;
  const indent = () => '  '.repeat(depth);
  for (const [token] of text.matchAll(TOKEN)) {
    const closes = token === '}' || token === ']';
    if (closes) depth--;
    if (opened !== closes && (opened || closes)) {
      yield line;
      line = indent();
    }
    line += token === ':' ? ': ' : token;
    opened = token === '{' || token === '[';
    if (opened) depth++;
    if (token === ',') {
      yield line;
      line = indent();
    }
  }
  if (line !== '') yield line;
}
