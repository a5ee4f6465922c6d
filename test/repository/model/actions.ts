import fc from 'fast-check';

const MINUTE = 60_000;
/** The smallest grace there may be: the constant moments of the protocol weigh most. */
export const GRACE = 120 * MINUTE;
export const NAMES = ['a', 'b', 'c'] as const;
/** The table's states. */
export const VERSIONS = 3;

export type What = 'backup' | 'fresh' | 'delete' | 'undelete' | 'prune' | 'copy' | 'mirror';

/** The repository, and the second one that copies go to. */
export const SIDES = ['repo', 'mirror'] as const;
export type Side = (typeof SIDES)[number];

export interface Start {
  /** `copy`: that backup into the second repository; `mirror`: all. */
  readonly what: What;
  /** On which repository; copies go from the first to the second, and from the second to the first. */
  readonly side: Side;
  readonly name: string;
  readonly seed: number;
}

export type Action =
  | ({ readonly do: 'start' } & Start)
  | { readonly do: 'step'; readonly which: number; readonly n: number }
  | { readonly do: 'until'; readonly which: number; readonly at: number }
  | {
      readonly do: 'race';
      readonly first: Start;
      readonly at: number;
      readonly others: readonly (Start & { readonly ms: number })[];
    }
  | { readonly do: 'kill'; readonly which: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'clock'; readonly error: number }
  | { readonly do: 'change'; readonly version: number };

/** Requests that decide something, where a process likes to stop. */
export const DECISIVE: readonly RegExp[] = [
  /^list .*backups\/\w+\.json/,
  /^create .*@purged-/,
  /^(get|create) .*backups\/\w+\.json/,
  /^list .*events\/\w/,
  /^create .*events\//,
  /root\.ndjson/,
  /^copy/,
  /begin\.json|beat-/,
  /^delete/,
  /^list .*runs\/$/,
];

const startOn = (sides: readonly Side[], ...whats: readonly What[]) =>
  fc.record({
    what: fc.constantFrom(...whats),
    side: fc.constantFrom(...sides),
    name: fc.constantFrom(...NAMES),
    seed: fc.nat(1_000_000),
  });
const start = (...whats: readonly What[]) => startOn(['repo', 'repo', 'mirror'], ...whats);
const which = fc.nat(9);
const at = fc.nat(DECISIVE.length - 1);
const ms = fc.constantFrom(
  ...[MINUTE, 4 * MINUTE, 14 * MINUTE, GRACE / 4, GRACE / 2 - MINUTE, GRACE / 2 + MINUTE, GRACE * 0.7, GRACE * 0.8],
  ...[GRACE + MINUTE, 2 * GRACE],
);
type Fields<K extends Action['do']> = Omit<Extract<Action, { readonly do: K }>, 'do'>;
const doing = <K extends Action['do']>(name: K, fields: fc.Arbitrary<Fields<K>>) =>
  fields.map((rest) => ({ do: name, ...rest }) as unknown as Action);

const RIVALS = ['backup', 'mirror', 'delete', 'delete', 'undelete', 'prune', 'prune'] as const;
/** A process stops where it counts, and others run from start to end before it goes on. */
const race = (first: fc.Arbitrary<Start>, rival: fc.Arbitrary<Start>) => {
  const after = fc.tuple(rival, fc.oneof(fc.constant(0), ms)).map(([one, wait]) => ({ ...one, ms: wait }));
  return doing('race', fc.record({ first, at, others: fc.array(after, { minLength: 1, maxLength: 4 }) }));
};

/** One thing that happens in a history. */
export const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: doing(
      'start',
      start('backup', 'backup', 'backup', 'fresh', 'copy', 'mirror', 'delete', 'delete', 'undelete', 'prune', 'prune'),
    ),
  },
  { weight: 10, arbitrary: doing('step', fc.record({ which, n: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(1000)) })) },
  { weight: 8, arbitrary: doing('until', fc.record({ which, at })) },
  { weight: 5, arbitrary: race(start('backup', 'copy', 'mirror', 'prune', 'prune', 'undelete'), start(...RIVALS)) },
  // What a copy reuses goes while it is made.
  { weight: 2, arbitrary: race(startOn(['repo'], 'copy', 'mirror', 'mirror'), startOn(['mirror'], ...RIVALS)) },
  { weight: 1, arbitrary: doing('kill', fc.record({ which })) },
  { weight: 6, arbitrary: doing('wait', fc.record({ ms })) },
  { weight: 1, arbitrary: doing('clock', fc.record({ error: fc.integer({ min: 0, max: GRACE / 8 - 1 }) })) },
  { weight: 2, arbitrary: doing('change', fc.record({ version: fc.nat(VERSIONS - 1) })) },
);
