/** Reads servers, one JSON line each, from stdin. When the pipe closes, their run is over: stop them, remove its folder. */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { stopServers } from './proc.mjs';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
const servers = [];
for await (const line of createInterface({ input: process.stdin })) servers.push(JSON.parse(line));
await stopServers(servers);
rmSync(process.argv[2], { recursive: true, force: true });
