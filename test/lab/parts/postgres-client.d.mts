/** Run one statement over a connection of its own. Rows are as the server writes them: text, or null. */
export function query(
  server: { readonly host: string; readonly port: number; readonly user: string; readonly password: string },
  sql: string,
  database?: string,
): Promise<(string | null)[][]>;
