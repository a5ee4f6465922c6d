import { BcnError } from '../errors.js';
import type { RootMapping } from '../iceberg/path-map.js';
import { rootOf } from '../iceberg/paths.js';
import { assertUsable } from './target.js';

/** `--map SOURCE=TARGET`. */
export interface MapOption extends RootMapping {
  /** As it was given. */
  readonly text: string;
}

const SCHEME = '[A-Za-z][A-Za-z0-9+.-]*:';
/** What ends a source: paths hold `=`, too, but a target begins with a scheme. */
const JOINT = new RegExp(`=(?=${SCHEME}/)`, 'g');
const ABSOLUTE = new RegExp(`^(?:${SCHEME})?/`);
const WHOLE_STORE = new RegExp(`^(?:${SCHEME})?$`);

/**
 * Reads `SOURCE=TARGET`: the source as the table's metadata spells it (with a scheme, or beginning with a slash), the target a place that a table
 * could have, too. Slashes at their ends do not count.
 *
 * @throws BcnError `usage` or `config`
 */
export function parseMap(text: string): MapOption {
  const refuse = (why: string) =>
    new BcnError('usage', `--map ${text} cannot be used: ${why}`, {
      object: text,
      hint: 'Write --map SOURCE=TARGET, such as --map s3://old/files=s3://warehouse/db/t_files.',
    });
  if (!text.includes('=')) throw refuse('it has no =');
  if (text.startsWith('=')) throw refuse('nothing stands before its =');
  if (text.endsWith('=')) throw refuse('nothing stands behind its =');
  const joints = [...text.matchAll(JOINT)].map(({ index }) => index);
  const [at] = joints;
  if (at === undefined) throw refuse('no = of it is followed by a target with a scheme');
  if (joints.length > 1) throw refuse('more than one = of it is followed by a scheme, and either could begin the target');
  const source = text.slice(0, at);
  const target = text.slice(at + 1);
  if (!ABSOLUTE.test(source)) throw refuse('its source has neither a scheme nor a leading /');
  if (WHOLE_STORE.test(rootOf(source))) throw refuse('its source names no bucket or folder');
  assertUsable(target, `target of --map ${source}=`);
  return { text, source: rootOf(source), target: rootOf(target) };
}
