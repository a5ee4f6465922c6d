import { describe, expect, test } from 'vitest';
import { catalogSettings } from '../../src/config/catalog.js';

const hive = (env: Record<string, string>, flags = {}) => catalogSettings({ catalogType: 'hive', ...flags }, env);
const pathCatalog = (env: Record<string, string>, flags = {}) => catalogSettings({ catalogType: 'path', ...flags }, env);

describe('hive', () => {
  test('the compose metastore is the default, and says so', () => {
    expect(hive({})).toEqual({
      type: 'hive',
      uri: { value: 'thrift://localhost:9083', origin: 'compose default' },
      framed: false,
      tls: undefined,
      user: undefined,
      timeoutMs: undefined,
      used: 'metastore thrift://localhost:9083 (compose default)',
    });
  });

  test('the flag comes before the variable', () => {
    const env = { HIVE_METASTORE_URI: 'thrift://env:1' };
    expect(hive(env)).toMatchObject({ uri: { value: 'thrift://env:1', origin: 'HIVE_METASTORE_URI' } });
    expect(hive(env, { metastoreUri: 'thrift://flag:2' })).toMatchObject({
      uri: { value: 'thrift://flag:2', origin: '--metastore-uri' },
    });
  });

  test('several servers, with spaces', () => {
    expect(hive({ HIVE_METASTORE_URI: 'thrift://a:1, thrift://b' })).toMatchObject({ uri: { value: 'thrift://a:1,thrift://b' } });
  });

  test('framed transport and deadline', () => {
    expect(hive({ HIVE_METASTORE_FRAMED: 'true', HIVE_METASTORE_TIMEOUT: '5' })).toMatchObject({ framed: true, timeoutMs: 5000 });
    expect(hive({ HIVE_METASTORE_FRAMED: 'false' }, { framed: true })).toMatchObject({ framed: true });
  });

  test('TLS and the user, named in what was used', () => {
    const env = { HIVE_METASTORE_URI: 'thrift://a:1', HIVE_METASTORE_TLS: 'true', HADOOP_USER_NAME: 'carla' };
    expect(hive(env)).toMatchObject({
      tls: { verify: true },
      user: { value: 'carla', origin: 'HADOOP_USER_NAME' },
      used: 'metastore thrift://a:1 (HIVE_METASTORE_URI), TLS, as carla (HADOOP_USER_NAME)',
    });
    expect(hive({ HADOOP_USER_NAME: '' })).toMatchObject({ user: undefined });
  });

  test.each([
    [{ HIVE_METASTORE_CA_FILE: '/ca.pem' }, 'HIVE_METASTORE_CA_FILE is set, but TLS to the Hive Metastore is off'],
    [{ HIVE_METASTORE_URI: 'localhost:9083' }, 'HIVE_METASTORE_URI is no thrift:// address: "localhost:9083"'],
    [{ HIVE_METASTORE_URI: 'thrift://a,' }, 'HIVE_METASTORE_URI is no thrift:// address: ""'],
    [{ HIVE_METASTORE_URI: 'thrift://a/db' }, 'HIVE_METASTORE_URI is no thrift:// address: "thrift://a/db"'],
    [{ HIVE_METASTORE_URI: 'thrift://me:hunter22@a' }, 'HIVE_METASTORE_URI holds credentials'],
    [{ HIVE_METASTORE_FRAMED: 'maybe' }, 'HIVE_METASTORE_FRAMED must be true or false, not "maybe"'],
  ])('%o is refused', (env, message) => {
    expect(() => hive(env)).toThrow(expect.objectContaining({ code: 'config', message }));
  });

  test('a deadline out of range is refused', () => {
    expect(() => hive({ HIVE_METASTORE_TIMEOUT: '0' })).toThrow('HIVE_METASTORE_TIMEOUT must be a whole number from 1 to 3600');
  });
});

describe('path', () => {
  test('the warehouse of the flag, then of the variable', () => {
    const env = { BCN_PATH_WAREHOUSE: 'file:///env/' };
    expect(pathCatalog(env)).toMatchObject({ warehouse: { value: 'file:///env', origin: 'BCN_PATH_WAREHOUSE' } });
    expect(pathCatalog(env, { warehouse: 's3://bucket' })).toMatchObject({
      warehouse: { value: 's3://bucket', origin: '--warehouse' },
    });
  });

  test('without one: usage', () => {
    expect(() => pathCatalog({})).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining('--warehouse') }),
    );
  });

  test.each(['/tmp/wh', 'relative', 'file://host/x', 'file:///', 's3://', 'gs://x', 'file:///a?b'])(
    '%s is refused',
    (warehouse) => {
      expect(() => pathCatalog({}, { warehouse })).toThrow(expect.objectContaining({ code: 'config' }));
    },
  );
});
