import { formatIdent } from '../catalog/port.js';
import type { Plan, PlannedEdit } from '../plan.js';
import { commitKey } from '../repository/keys.js';
import { placeUri } from '../repository/place.js';
import type { ContentPlan } from './content.js';
import type { RestoreDeps } from './options.js';
import { writePathEdits } from './plan-roots.js';
import type { Prepared } from './prepare.js';

export interface ShownFacts {
  readonly createsNamespace: boolean;
  /** Data files to which deletes begin to apply, since spellings become one. */
  readonly merged: number;
}

const NONE = { objects: 0, bytes: 0 };

/** The plan of a restore. */
export function showRestore(deps: RestoreDeps, prepared: Prepared, content: ContentPlan, facts: ShownFacts): Plan {
  const { commit, root, table, layout, concrete, resuming, roots, source } = prepared;
  const { total, held, deletes, losses } = content;
  const copied = { objects: total.objects - held.objects - deletes.objects, bytes: total.bytes - held.bytes - deletes.bytes };
  const from = commit.mode === 'copy' ? deps.repository.store.service : deps.source.resolve(table.location).store.service;
  const serverSide = from === layout.root.store.service;
  const written = [root.metadata, ...root.lists, ...root.manifests];
  const streamed = serverSide ? 0 : copied.objects;
  const pages = Math.ceil((total.objects + written.length) / 1000);
  return {
    command: 'restore',
    table: formatIdent(prepared.target),
    from: `${placeUri(deps.repository)}/${commitKey(commit.selector)}`,
    to: layout.location,
    mode: commit.mode,
    ...(facts.createsNamespace ? { createsNamespace: prepared.target.namespace.join('.') } : {}),
    snapshots: source.snapshots,
    data: { total, reused: held, serverSide: serverSide ? copied : NONE, streamed: serverSide ? NONE : copied },
    ...(deletes.objects > 0 && { rewritten: deletes }),
    ...(losses.objects > 0 && { missing: { objects: losses.objects, bytes: losses.bytes } }),
    metadata: { objects: written.length, bytes: written.reduce((sum, { length }) => sum + length, 0) },
    ...(roots.roots.length > 1 && { roots: roots.roots }),
    requests: {
      // Three looks at the claim; metadata.json is read. What an earlier attempt has written is compared.
      get:
        root.lists.length +
        root.manifests.length +
        3 +
        streamed +
        deletes.objects +
        (resuming ? written.length + deletes.objects : 0),
      // The claim, what asks for the right to delete, the announcement of the registration.
      put: written.length + 3 + streamed + deletes.objects + layout.others.length,
      copy: serverSide ? copied.objects : 0,
      // Whether each place is free, in it and above it; the flags, twice; the proof, and what is there when an attempt goes on.
      list: layout.places.reduce((sum, { key }) => sum + 2 + key.split('/').length - 1, 0) + 2 + (resuming ? 2 : 1) * pages,
    },
    edits: [...concrete.edits, ...writePathEdits(table.write_paths, roots.map), ...mergedEdit(facts.merged)],
  };
}

function mergedEdit(files: number): readonly PlannedEdit[] {
  return files === 0 ? [] : [{ field: 'deletes', from: `${files} data files spelt otherwise`, to: 'apply to them' }];
}
