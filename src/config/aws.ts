import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { type Env, firstOfEnv } from './sourced.js';

/** Variables that give the AWS default chain something to work with. */
const CREDENTIAL_VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_ROLE_ARN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONFIG_FILE',
] as const;

const PLACE_VARIABLES = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'] as const;

/** Name of the variable by which AWS credentials are configured in the environment. */
export function awsCredentialsInEnv(env: Env): string | undefined {
  return firstOfEnv(env, ...CREDENTIAL_VARIABLES)?.origin;
}

/** What of AWS is configured on this machine (a variable's or a file's name), or undefined. An EC2 role configures nothing at all. */
export async function awsConfigured(env: Env): Promise<string | undefined> {
  const variable = firstOfEnv(env, ...CREDENTIAL_VARIABLES, ...PLACE_VARIABLES);
  if (variable !== undefined) return variable.origin;
  const home = env.HOME || env.USERPROFILE || homedir();
  for (const file of ['credentials', 'config']) {
    const found = await access(path.join(home, '.aws', file)).then(
      () => true,
      () => false,
    );
    if (found) return `~/.aws/${file}`;
  }
  return undefined;
}
