/** The Spark session behind HTTP: the lab's, or that of docker compose (test/lab/spark_server.py). */

/**
 * @typedef {(statement: string) => Promise<{ columns: string[], types: string[], rows: unknown[][] }>} Sql
 *   integers and decimals in the rows are strings
 */

/**
 * @param {string} url
 * @returns {Sql}
 */
export function sparkAt(url) {
  return async (statement) => {
    const response = await ask(url, '/sql', { method: 'POST', body: JSON.stringify({ sql: statement }) });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    throw new Error(`Spark refused: ${firstLine(text)}\n  ${statement}`);
  };
}

/** @returns {Promise<string>} its version */
export async function sparkVersion(url) {
  const { spark } = await (await ask(url, '/')).json();
  return spark;
}

async function ask(url, path, options) {
  try {
    return await fetch(new URL(path, url), options);
  } catch (error) {
    const hint = 'Start it: docker compose up --detach --wait; or npm run lab -- up, and then eval "$(npm run -s lab -- env)"';
    throw new Error(`No Spark answers at ${url} (${error.cause?.message ?? error.message})\n${hint}`);
  }
}

function firstLine(text) {
  try {
    return String(JSON.parse(text).error).split('\n', 1)[0];
  } catch {
    return text.slice(0, 300);
  }
}
