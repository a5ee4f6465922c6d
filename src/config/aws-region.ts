import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { type Env, firstOfEnv, type Sourced, sourced } from './sourced.js';

/** The region of the AWS config file for the profile in use; undefined without one. The variables for it are looked at elsewhere. */
export async function awsConfigRegion(env: Env): Promise<Sourced<string> | undefined> {
  const home = env.HOME || env.USERPROFILE || homedir();
  const file = env.AWS_CONFIG_FILE || path.join(home, '.aws', 'config');
  const profile = firstOfEnv(env, 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE')?.value ?? 'default';
  const text = await readFile(file, 'utf8').catch(() => '');
  const region = regionOf(text, profile);
  return region === undefined ? undefined : sourced(region, `profile ${profile}`);
}

/** `[default]` or `[profile NAME]`, then `region = …`. */
export function regionOf(text: string, profile: string): string | undefined {
  let inside = false;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[\s*(?:profile\s+)?["']?(.*?)["']?\s*\]/.exec(line)?.[1];
    if (section !== undefined) inside = section === profile;
    const region = inside ? /^region\s*=\s*([^\s#;]+)/.exec(line)?.[1] : undefined;
    if (region !== undefined) return region;
  }
  return undefined;
}

/** How ARNs of a region begin: `arn:<partition>:`. */
export function partitionOf(region: string): string {
  const [, group] = /^(cn|us-gov|us-iso[a-z]?|eu-iso[a-z]?|eusc)-/.exec(region) ?? [];
  if (group === undefined) return 'aws';
  // us-isob → aws-iso-b
  return `aws-${group.replace(/^(?:us|eu)-iso([a-z]?)$/, (_, letter: string) => (letter === '' ? 'iso' : `iso-${letter}`))}`;
}
