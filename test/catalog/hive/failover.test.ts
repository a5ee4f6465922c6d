import { describe, expect, test } from 'vitest';
import { parseEndpoints } from '../../../src/catalog/hive/endpoints.js';
import { Attempts, Servers } from '../../../src/catalog/hive/failover.js';
import { WireFault } from '../../../src/catalog/hive/faults.js';

const endpoints = parseEndpoints('thrift://a:1,thrift://b:2,thrift://c:3');
const [a, b, c] = endpoints as [(typeof endpoints)[0], (typeof endpoints)[0], (typeof endpoints)[0]];
const left = (servers: Servers, attempts = new Attempts()) =>
  servers
    .left(attempts)
    .map(({ host }) => host)
    .join('');

describe('servers', () => {
  test('are tried as given, but those that failed last', () => {
    const servers = new Servers(endpoints);
    expect(left(servers)).toBe('abc');
    servers.failed(a);
    expect(left(servers)).toBe('bca');
    servers.failed(b);
    expect(left(servers)).toBe('cab');
  });

  test('are left out once a call has tried them', () => {
    const attempts = new Attempts();
    attempts.add(b, new WireFault('unknown', 'closed', 'x'));
    expect(left(new Servers(endpoints), attempts)).toBe('ac');
  });

  test('answer until they fail; that they were understood stays known', () => {
    const servers = new Servers(endpoints);
    expect([servers.isAnswering(a), servers.isUnderstood(a)]).toEqual([false, false]);
    servers.answered(a);
    expect([servers.isAnswering(a), servers.isUnderstood(a)]).toEqual([true, true]);
    servers.failed(a);
    expect([servers.isAnswering(a), servers.isUnderstood(a)]).toEqual([false, true]);
    expect(servers.isAnswering(c)).toBe(false);
  });
});

describe('the fault of several attempts', () => {
  const of = (...faults: readonly WireFault[]) => {
    const attempts = new Attempts();
    for (const [index, fault] of faults.entries()) attempts.add([a, b, c][index] ?? a, fault);
    return attempts.fault(faults.length > 1);
  };
  const refused = (uri: string) => new WireFault('not-sent', 'connect', `${uri}: connection refused`);

  test('names each server once', () => {
    expect(of(refused(a.uri), refused(b.uri))).toMatchObject({
      outcome: 'not-sent',
      reason: 'connect',
      message: 'thrift://a:1: connection refused; thrift://b:2: connection refused',
    });
  });

  test('is unknown when one server may have seen the call, and takes reason and hint of what tells most', () => {
    expect(of(refused(a.uri), new WireFault('unknown', 'timeout', 'get_x: no answer', 'wait'))).toMatchObject({
      outcome: 'unknown',
      reason: 'timeout',
      hint: 'wait',
      message: 'thrift://a:1: connection refused; thrift://b:2: get_x: no answer',
    });
  });

  test('of one server is its own', () => {
    expect(of(new WireFault('unknown', 'closed', 'get_x: closed', 'hint'))).toMatchObject({
      outcome: 'unknown',
      reason: 'closed',
      message: 'get_x: closed',
      hint: 'hint',
    });
    expect(of(new WireFault('not-sent', 'connect', 'get_x: the server refused')).message).toBe(
      'thrift://a:1: get_x: the server refused',
    );
  });
});
