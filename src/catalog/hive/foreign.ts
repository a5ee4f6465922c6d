import { ProtocolError } from './wire.js';

/** An answer that is none of ours: what it is, as far as its first bytes tell. */
export interface Foreign {
  /** sasl: the server demands SASL. */
  readonly reason: 'sasl' | 'protocol';
  /** not-sent: a server that answers so has not read the call. */
  readonly outcome: 'not-sent' | 'unknown';
  readonly text: string;
  readonly hint: string;
}

export class ForeignAnswer extends ProtocolError {
  readonly foreign: Foreign;

  constructor(foreign: Foreign) {
    super(foreign.text);
    this.foreign = foreign;
  }
}

const SASL_HINT =
  'Run a metastore of the same database without it (hive.metastore.sasl.enabled=false, hive.metastore.authentication=NOSASL), ' +
  'open to trusted hosts only, and name it in HIVE_METASTORE_URI.';
const TLS_HINT = 'Set HIVE_METASTORE_TLS=true, and HIVE_METASTORE_CA_FILE where its authority is not a public one.';
const HTTP_HINT =
  'HTTP transport is not supported. HIVE_METASTORE_URI must name the Thrift port of a Hive Metastore, usually thrift://HOST:9083.';

export const FRAMED_HINT = 'Set HIVE_METASTORE_FRAMED=true.';
export const UNFRAMED_HINT = 'Set HIVE_METASTORE_FRAMED=false, and give no --framed.';

// In hex, of the first bytes.
/** An alert record of SSL 3 to TLS 1.3. */
const TLS_ALERT = /^15030[0-4]/;
const HTTP = /^485454502f/;
/** A reply or an exception, strict binary. */
const REPLY = /^8001000[23]/;

/** Negotiation status of a SASL server that refuses: BAD or ERROR, then the length (u32) of its words (Thrift's TSaslTransport). */
const SASL_REFUSALS = [3, 4];
const SASL_HEADER = 5;
/** A refusal is one sentence; anything longer is something else. */
const SASL_LONGEST = 0xffff;

/**
 * What the first bytes of an answer belong to, when not to a reply. `more`: a few bytes more will tell. undefined: nothing known.
 * A plaintext call to a SASL server is answered with `04`, a length and "Invalid status -128" (framed: "Invalid status 0").
 */
export function recognise(bytes: Buffer, framed: boolean): Foreign | 'more' | undefined {
  if (SASL_REFUSALS.includes(bytes[0] ?? 0)) {
    if (bytes.length < SASL_HEADER) return 'more';
    if (bytes.readUInt32BE(1) <= SASL_LONGEST) return sasl(bytes);
  }
  const start = bytes.subarray(0, 8).toString('hex');
  if (TLS_ALERT.test(start)) return { reason: 'protocol', outcome: 'not-sent', text: 'the server speaks TLS', hint: TLS_HINT };
  const unknown = { reason: 'protocol', outcome: 'unknown' } as const;
  if (HTTP.test(start)) return { ...unknown, text: 'the server speaks HTTP', hint: HTTP_HINT };
  if (framed && REPLY.test(start))
    return { ...unknown, text: 'the server answers without framed transport', hint: UNFRAMED_HINT };
  if (!framed && REPLY.test(start.slice(8))) {
    return { ...unknown, text: 'the server answers with framed transport', hint: FRAMED_HINT };
  }
  return undefined;
}

function sasl(bytes: Buffer): Foreign {
  const said = printable(bytes.subarray(SASL_HEADER, SASL_HEADER + Math.min(bytes.readUInt32BE(1), 200)));
  const text = `the server demands SASL (Kerberos, or a user and password), which bcn does not speak; it answered "${said}"`;
  return { reason: 'sasl', outcome: 'not-sent', text, hint: SASL_HINT };
}

/** Bytes for a message: what is not ASCII as dots. */
export function printable(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^ -~]/g, '.');
}
