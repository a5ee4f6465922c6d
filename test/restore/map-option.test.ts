import { describe, expect, test } from 'vitest';
import { parseMap } from '../../src/restore/map-option.js';

describe('parseMap', () => {
  test.each([
    ['s3://a/x=s3://w/y', 's3://a/x', 's3://w/y'],
    ['s3a://a/x///=s3://w/y/', 's3a://a/x', 's3://w/y'],
    ['s3://a=s3://w/y', 's3://a', 's3://w/y'],
    ['/wh/t=file:///w/y', '/wh/t', 'file:///w/y'],
    ['hdfs://nn:8020/t=s3://w/y', 'hdfs://nn:8020/t', 's3://w/y'],
    ['s3://a/dt=2020-01-01/h=a:b=s3://w/k=v', 's3://a/dt=2020-01-01/h=a:b', 's3://w/k=v'],
    ['s3://a/x?#/$&//y=s3://w/y', 's3://a/x?#/$&//y', 's3://w/y'],
  ])('%s', (text, source, target) => {
    expect(parseMap(text)).toEqual({ text, source, target });
  });

  test.each([
    ['', 'no ='],
    ['s3://a/x', 'no ='],
    ['=s3://w/y', 'before'],
    ['s3://a/x=', 'behind'],
    ['s3://a/x=/w/y', 'scheme'],
    ['s3://a/x=w/y', 'scheme'],
    ['a/x=s3://w/y', 'source has neither'],
    ['s3:x=s3://w/y', 'source has neither'],
    ['/=s3://w/y', 'no bucket or folder'],
    ['s3://=s3://w/y', 'no bucket or folder'],
    ['file:///=s3://w/y', 'no bucket or folder'],
    ['s3://a/x=s3://w/y=s3://v/z', 'either could begin'],
    ['s3://a/x=s3://w', 'root of a bucket'],
    ['s3://a/x=s3://w/y?z', '? or #'],
    ['s3://a/x=s3://w/y#z', '? or #'],
    ['s3://a/x=s3://w//y', 'empty path segment'],
    ['s3://a/x=s3://w/../y', '. or ..'],
    ['s3://a/x=s3://w/y\n', 'control'],
    ['s3://a/x=gs://w/y', 'gs'],
    [`s3://a/x=s3://w/${'y'.repeat(1000)}`, 'too little'],
  ])('%s is refused', (text, why) => {
    expect(() => parseMap(text)).toThrow(
      expect.objectContaining({ exit: 2, message: expect.stringContaining(why), hint: expect.any(String) }),
    );
  });
});
