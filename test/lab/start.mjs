/** Gets the real parts: from addresses in the environment, else from Docker, else as native processes out of the cache. */
import { dockerAnswers, startContainers } from './containers.mjs';
import { NATIVE, PARTS } from './native.mjs';
import { putBucket } from './parts/bucket.mjs';

const NO_CONTAINERS = { addresses: {}, stop: async () => {} };

/**
 * @typedef {object} Lab  what BCN_LAB holds; a part is either an address or a reason in `missing`
 * @property {{ endpoint: string, accessKey: string, secretKey: string }} [s3]  has the buckets warehouse and iceberg, as every S3 part
 * @property {{ uri: string }} [hms]
 * @property {{ url: string }} [spark]
 * @property {{ url: string }} [pyiceberg]
 * (and the others: native.mjs, lab.ts)
 * @property {Record<string, string>} missing
 */

/**
 * Start every part that can be had; never throws because of a part.
 * @param {object} options
 * @param {string} options.runFolder  holds data and logs of this lab
 * @param {(server: object) => void} options.keep  hears of each process (and its `part`) at once, so that it can always be stopped
 * @param {(line: string) => void} options.log
 * @param {(lab: Lab) => void} [options.changed]  hears of each part that became ready or missing
 * @param {readonly string[]} [options.parts]
 * @param {boolean} [options.docker]  whether containers may be used
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {Lab} [options.running]  parts that are up already; they stay as they are
 * @returns {Promise<Lab & { stopContainers: () => Promise<void> }>}
 */
export async function startLab(options) {
  const { runFolder, keep, log, changed = () => {}, parts = PARTS, docker = true, env = process.env, running = {} } = options;
  const given = await addressesFromEnv(env);
  /** @type {Lab} */
  const lab = { ...running, missing: {} };
  const containers = docker ? await containersFor(parts, given, log) : NO_CONTAINERS;
  const started = new Map();

  const start = (part) => {
    if (!started.has(part)) started.set(part, ready(part));
    return started.get(part);
  };
  const ready = async (part) => {
    if (lab[part]) return;
    try {
      lab[part] = given[part] ?? containers.addresses[part] ?? (await native(part));
      // An S3 part is one that has an access key.
      if (lab[part].accessKey) for (const bucket of ['warehouse', 'iceberg']) await putBucket(lab[part], bucket);
      log(`${part}: ${lab[part].endpoint ?? lab[part].uri ?? lab[part].url ?? lab[part].port}`);
    } catch (error) {
      delete lab[part];
      lab.missing[part] = oneLine(error);
      log(`${part}: not available: ${error.message}`);
    }
    changed(lab);
  };
  const native = async (part) => {
    if (given.errors[part]) throw new Error(given.errors[part]);
    const { provision, needs } = NATIVE[part];
    const [folder] = await Promise.all([provision(log), ...needs.map(start)]);
    const lacking = needs.find((need) => !lab[need]);
    if (lacking) throw new Error(`needs ${lacking}: ${lab.missing[lacking]}`);
    return NATIVE[part].start({ folder, runFolder, keep: (server) => keep({ ...server, part }), ...lab });
  };
  await Promise.all(parts.map(start));
  return { ...lab, stopContainers: containers.stop };
}

/**
 * Addresses that the user gave. One that does not answer is an error of that part, not a reason to start our own.
 * @returns {Promise<Partial<Lab> & { errors: Record<string, string> }>}
 */
async function addressesFromEnv(env) {
  const found = { errors: {} };
  if (env.BCN_TEST_S3_ENDPOINT) {
    const [accessKey, secretKey] = [env.BCN_TEST_S3_ACCESS_KEY ?? 'admin', env.BCN_TEST_S3_SECRET_KEY ?? 'password'];
    await tryAddress(found, 's3', 'BCN_TEST_S3_ENDPOINT', env, async (endpoint) => {
      await fetch(endpoint);
      return { endpoint, accessKey, secretKey };
    });
  }
  if (env.BCN_TEST_HMS_URI) found.hms = { uri: env.BCN_TEST_HMS_URI };
  await tryAddress(found, 'spark', 'BCN_TEST_SPARK_URL', env, async (url) => {
    await (await fetch(url)).json();
    return { url };
  });
  await tryAddress(found, 'pyiceberg', 'BCN_TEST_PYICEBERG_URL', env, async (url) => {
    await (await fetch(url)).json();
    return { url };
  });
  return found;
}

async function tryAddress(found, part, variable, env, look) {
  const address = env[variable];
  if (!address) return;
  try {
    found[part] = await look(address);
  } catch (error) {
    found.errors[part] = `${variable}=${address} does not answer: ${error.cause?.message ?? error.message}`;
  }
}

/** S3 and the metastore as containers, if an engine answers; native parts replace what it cannot give. */
async function containersFor(parts, given, log) {
  const wanted = ['s3', 'hms'].filter((part) => parts.includes(part));
  const covered = wanted.every((part) => given[part] || given.errors[part]);
  if (covered || given.s3 || given.errors.s3 || !(await dockerAnswers())) return NO_CONTAINERS;
  try {
    log('Docker answers: S3 and the metastore run as containers');
    return await startContainers({ hms: wanted.includes('hms') && !given.hms });
  } catch (error) {
    log(`Docker could not give them: ${error.message}`);
    return NO_CONTAINERS;
  }
}

function oneLine(error) {
  return error.message.split('\n', 1)[0].slice(0, 300);
}

/** The environment that hands a lab to programs started by hand: `name=value` pairs. */
export function labEnvironment(lab) {
  const { s3, hms, spark, pyiceberg } = lab;
  // The whole lab for the tests, the well-known parts for everything else.
  const pairs = { BCN_LAB: JSON.stringify(lab) };
  if (s3) {
    pairs.S3_ENDPOINT = pairs.BCN_TEST_S3_ENDPOINT = s3.endpoint;
    pairs.S3_ACCESS_KEY = pairs.BCN_TEST_S3_ACCESS_KEY = s3.accessKey;
    pairs.S3_SECRET_KEY = pairs.BCN_TEST_S3_SECRET_KEY = s3.secretKey;
  }
  if (hms) pairs.HIVE_METASTORE_URI = pairs.BCN_TEST_HMS_URI = hms.uri;
  if (spark) pairs.BCN_TEST_SPARK_URL = spark.url;
  if (pyiceberg) pairs.BCN_TEST_PYICEBERG_URL = pyiceberg.url;
  return pairs;
}
