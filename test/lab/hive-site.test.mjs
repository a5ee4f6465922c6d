import { expect, test } from 'vitest';
import { hadoopXml } from './hadoop-conf.mjs';
import { composeHiveServer2Site, composeMetastoreSite } from './hive-site.mjs';

// After a change of hive-site.mjs: npx vitest run test/lab/hive-site.test.mjs -u
test.each([
  ['metastore', composeMetastoreSite],
  ['hiveserver2', composeHiveServer2Site],
])('compose/%s/hive-site.xml is what the code says', async (service, site) => {
  await expect(hadoopXml(site())).toMatchFileSnapshot(`../../compose/${service}/hive-site.xml`);
});

test('both reach the same store, and HiveServer2 the metastore beside it', () => {
  const [metastore, hiveserver2] = [composeMetastoreSite(), composeHiveServer2Site()];
  const common = (site) =>
    Object.entries(site).filter(([name]) => name.startsWith('fs.') || name === 'hive.metastore.warehouse.dir');
  expect(common(hiveserver2)).toEqual(common(metastore));
  expect(hiveserver2['hive.metastore.uris']).toBe('thrift://metastore:9083');
  expect(metastore).not.toHaveProperty('hive.metastore.uris');
});

test('a metastore in a container listens on all of its addresses', () => {
  const bound = Object.entries(composeMetastoreSite()).filter(
    ([name, value]) => /bind\.host/.test(name) || value === '127.0.0.1',
  );
  expect(bound).toEqual([]);
});
