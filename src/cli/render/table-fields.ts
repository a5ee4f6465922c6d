import { CONTENT_KINDS } from '../../iceberg/content-kind.js';
import type { SchemaColumn } from '../../iceberg/schema.js';
import type { SnapshotFacts } from '../../iceberg/snapshot-facts.js';
import type { ContentAmount, ContentAmounts } from '../../look/amounts.js';
import type { TableFacts } from '../../look/show.js';
import { timeOf } from './table.js';

type Fields = Readonly<Record<string, unknown>>;

/** The `table` event of `bcn show --json` (specs/schemas/table.json). */
export function tableFields(table: string, facts: TableFacts): Fields {
  return {
    table,
    snapshots: facts.snapshots.map(snapshotFields),
    schema: {
      schema_id: facts.schema.id ?? null,
      columns: facts.schema.columns.map(columnFields),
      identifier_field_ids: facts.schema.identifiers,
    },
    partitioning: facts.partitioning,
    sort_order: facts.order,
    properties: facts.properties,
    places: facts.places.map(({ place, why }) => ({ place, why })),
    content: amountsFields(facts.content),
    ...(facts.missing.length > 0 && { missing: facts.missing }),
    requires: facts.requires,
    source: facts.source,
    entry: facts.entry,
  };
}

export function snapshotFields({ id, parentId, timestampMs, operation }: SnapshotFacts): Fields {
  return {
    snapshot_id: String(id),
    parent_id: parentId?.toString() ?? null,
    when: timeOf(timestampMs),
    operation: operation ?? null,
  };
}

function columnFields({ id, path, type, required, doc, initialDefault, writeDefault }: SchemaColumn): Fields {
  return {
    id,
    name: path,
    type,
    required,
    doc: doc ?? null,
    initial_default: initialDefault ?? null,
    write_default: writeDefault ?? null,
  };
}

/** By kind: `position_deletes`, …; rows are int64. */
export function amountsFields(amounts: ContentAmounts): Fields {
  return Object.fromEntries(CONTENT_KINDS.map((kind) => [kind.replace('-', '_'), amountFields(amounts[kind])]));
}

function amountFields({ files, rows, bytes }: ContentAmount): Fields {
  return { files, rows: String(rows), bytes };
}
