import type { Catalog, TableIdent } from '../catalog/port.js';

/** A table's name from its flags. In a path catalog dots separate the namespace's levels; Hive has one level. */
export function identOf(catalog: Catalog, database: string, table: string): TableIdent {
  return { namespace: catalog.type === 'path' ? database.split('.') : [database], name: table };
}
