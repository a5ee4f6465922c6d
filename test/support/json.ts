export type Document = null | boolean | number | bigint | string | readonly Document[] | { readonly [key: string]: Document };

/** JSON text with bigints as number tokens. */
export function stringify(document: Document): string {
  const text = JSON.stringify(document, (_key, value) => (typeof value === 'bigint' ? `@@${value}@@` : value), 2);
  return text.replace(/"@@(-?\d+)@@"/g, '$1');
}
