// How fast content files can be checked: each algorithm beside the JavaScript that the SDK brings along, in the same run.
// Run: npm run build && node bench/checksums.mjs [MiB]
import { randomBytes } from 'node:crypto';
import { Crc64Nvme } from '@aws-sdk/checksums/crc';
import { Summer } from '../dist/repository/checksum.js';

const MIB = Number(process.argv[2] ?? 512);
const chunk = randomBytes(1 << 20);

function rate(update, mib) {
  update(chunk);
  const before = process.cpuUsage();
  for (let i = 0; i < mib; i++) update(chunk);
  const { user, system } = process.cpuUsage(before);
  return mib / ((user + system) / 1e6);
}

console.log('MiB per second of one core');
for (const alg of ['sha256', 'crc32', 'crc32c', 'crc64nvme']) {
  const summer = await Summer.open({ alg, kind: 'full', value: '' });
  console.log(`${alg.padEnd(28)} ${Math.round(rate((bytes) => summer.update(bytes), MIB))}`);
}
const peer = new Crc64Nvme();
console.log(`${'crc64nvme, @aws-sdk'.padEnd(28)} ${Math.round(rate((bytes) => peer.update(bytes), MIB / 8))}`);
