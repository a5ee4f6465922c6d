/**
 * `npm run walkthrough`: a table goes and comes back, on docker compose (no variable needed) or on any other S3, metastore and Spark.
 * Ends with 0 and "the restored table equals the source", else with 1 and what differs.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { answersOf, differences, rows } from './lib/walkthrough/answers.mjs';
import { placesFrom } from './lib/walkthrough/places.mjs';
import { emptyLocation } from './lib/walkthrough/prefix.mjs';
import { moreRows, sampleTable } from './lib/walkthrough/sample.mjs';
import { sparkAt, sparkVersion } from './lib/walkthrough/spark.mjs';

// For this process and for bcn's.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const root = fileURLToPath(new URL('..', import.meta.url));
const USAGE = 'usage: npm run walkthrough -- [--database NAME] [--clean]   (--clean drops the restored table at the end)';

try {
  process.exitCode = await main(options());
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function main({ database, clean }) {
  const places = await placesFrom(root, process.env);
  const sql = sparkAt(places.spark);
  const s3 = s3Of(places);
  // A name of its own each time: nothing is in the way, and two may run at once.
  const id = randomBytes(4).toString('hex');
  const name = `orders_${id}`;
  const [table, backup] = [`${database}.${name}`, `walkthrough-${id}`];
  const target = `${name}_restored`;
  const restored = `${database}.${target}`;
  const location = `s3://${places.variables.WAREHOUSE_BUCKET}/restored/${database}/${target}`;
  const bcn = (...args) => runBcn(args, { ...process.env, ...places.variables, ...places.secrets });

  console.log('Where:');
  for (const [variable, value] of Object.entries(places.variables)) console.log(`  export ${variable}=${value}`);
  console.log(`  Spark ${await sparkVersion(places.spark)} at ${places.spark}`);

  step(1, `A table with a past: ${table}`);
  await sql(`CREATE NAMESPACE IF NOT EXISTS hms.${database}`);
  for (const statement of sampleTable(table)) await sql(statement);
  const before = await answersOf(sql, table);
  const source = await locationOf(sql, table);
  console.log(`   ${summary(before)}`);
  console.log(`   at ${source}`);

  step(2, 'The backup');
  await bcn('backup', '--database', database, '--table', name, '--backup-name', backup);
  await bcn('list');
  await bcn('show', backup);
  await bcn('verify', backup);

  step(3, 'The disaster');
  await say(sql, `DROP TABLE hms.${table} PURGE`);
  console.log(`   and all else below ${source}: ${await emptyLocation(s3, source, name)} objects deleted`);

  step(4, 'The restore: under another name, at another place');
  const place = ['--target-location', location, '--catalog-type', 'hive'];
  await bcn('restore', '--backup-name', backup, '--target-database', database, '--target-table', target, ...place);
  await bcn('verify', backup, '--read-data');

  step(5, `Every row of every snapshot, branch and tag of ${restored}, as Spark reads them`);
  const after = await answersOf(sql, restored);
  console.log(`   ${summary(after)}`);
  const found = differences(before, after);

  step(6, 'Life goes on');
  await say(sql, moreRows(restored));
  found.push(...outgrown(after, await answersOf(sql, restored)));

  if (clean) {
    await sql(`DROP TABLE hms.${restored} PURGE`);
    await emptyLocation(s3, location, target);
  } else {
    console.log(`\nhms.${restored} stays (--clean drops it), and so does the backup.`);
  }
  for (const difference of found) console.log(`   ${difference}`);
  console.log(found.length === 0 ? '\nthe restored table equals the source' : '\nthe restored table differs from the source');
  return found.length === 0 ? 0 : 1;
}

/** What an append must have done, and nothing else: one row more now, and every snapshot as it was. */
function outgrown(before, after) {
  const now = 'the table now';
  const grown = after.get(now).length - before.get(now).length;
  const kept = [...before].filter(([question]) => question.startsWith('snapshot '));
  const missing = differences(new Map(kept), new Map(kept.map(([question]) => [question, after.get(question)])));
  return grown === 1 ? missing : [...missing, `the append: ${rows(grown)} more, not 1`];
}

function summary(answers) {
  const count = (kind) => [...answers.keys()].filter((question) => question.startsWith(`${kind} `)).length;
  return `${count('snapshot')} snapshots, ${count('branch')} branches, ${count('tag')} tag, ${rows(answers.get('the table now').length)} now`;
}

async function locationOf(sql, table) {
  const described = await sql(`DESCRIBE EXTENDED hms.${table}`);
  return String(described.rows.find(([name]) => name === 'Location')?.[1]);
}

async function say(sql, statement) {
  console.log(`   ${statement}`);
  await sql(statement);
}

function runBcn(args, env) {
  console.log(`\n$ bcn ${args.join(' ')}`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'bin', 'bcn.js'), ...args], {
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`bcn ${args[0]} ended with ${signal ?? code}`));
    });
  });
}

function s3Of({ variables, secrets, region }) {
  return { endpoint: variables.S3_ENDPOINT, accessKey: secrets.S3_ACCESS_KEY, secretKey: secrets.S3_SECRET_KEY, region };
}

function step(number, title) {
  console.log(`\n${number}. ${title}`);
}

function options() {
  try {
    const known = { database: { type: 'string', default: 'walkthrough' }, clean: { type: 'boolean', default: false } };
    return parseArgs({ options: known }).values;
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}
