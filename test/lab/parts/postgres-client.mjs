/** One statement to a PostgreSQL server of the lab: enough to know that it answers and to make databases. */
import { connect } from 'node:net';

/**
 * Run one statement over a connection of its own (protocol 3.0, password in clear text: loopback only).
 * @param {{ host: string, port: number, user: string, password: string }} server
 * @param {string} sql
 * @param {string} [database]
 * @returns {Promise<(string | null)[][]>} the rows, as the server writes them
 * @throws {Error} with the server's message; when nobody answers within 60 s
 */
export function query({ host, port, user, password }, sql, database = 'postgres') {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    const rows = [];
    let received = Buffer.alloc(0);
    let failure;
    let asked = false;
    const end = (error) => {
      socket.destroy();
      if (error) reject(error);
      else resolve(rows);
    };
    const answer = {
      // Authentication: 3 asks for the password, 0 is content.
      R: (body) => {
        if (body.readInt32BE(0) === 3) socket.write(message('p', `${password}\0`));
      },
      D: (body) => rows.push(readRow(body)),
      E: (body) => {
        failure ??= new Error(`PostgreSQL: ${errorText(body)}`);
      },
      // Ready: before the statement, and after it.
      Z: () => {
        if (asked || failure) end(failure);
        else socket.write(message('Q', `${sql}\0`));
        asked = true;
      },
    };
    socket.setTimeout(60_000, () => end(new Error('PostgreSQL did not answer within 60 s')));
    socket.on('error', end);
    socket.on('close', () => end(failure ?? new Error('PostgreSQL closed the connection')));
    socket.on('connect', () => socket.write(startup(user, database)));
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      while (received.length >= 5 && received.length > received.readInt32BE(1)) {
        const length = received.readInt32BE(1);
        answer[String.fromCharCode(received[0])]?.(received.subarray(5, 1 + length));
        received = received.subarray(1 + length);
      }
    });
  });
}

function startup(user, database) {
  const body = Buffer.from(`\0\x03\0\0user\0${user}\0database\0${database}\0\0`, 'latin1');
  return Buffer.concat([int32(body.length + 4), body]);
}

function message(kind, text) {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from(kind), int32(body.length + 4), body]);
}

function int32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Int16 columns; each int32 length (-1 = null) and text. */
function readRow(body) {
  const row = [];
  for (let at = 2; row.length < body.readInt16BE(0); ) {
    const length = body.readInt32BE(at);
    at += 4;
    row.push(length < 0 ? null : body.toString('utf8', at, at + length));
    at += Math.max(length, 0);
  }
  return row;
}

/** Fields of one letter and a text each; M is the message. */
function errorText(body) {
  const fields = body.toString('utf8').split('\0');
  return fields.find((field) => field.startsWith('M'))?.slice(1) ?? fields.join(' ');
}
