import {
  fields,
  getInt64,
  getStruct,
  getStructList,
  getText,
  int32,
  int64,
  list,
  struct,
  text,
} from '../../../src/catalog/hive/fields.js';
import { T } from '../../../src/catalog/hive/wire.js';
import { type ReceivedCall, reply, thrown } from './server.js';

interface Held {
  readonly id: bigint;
  readonly database: string;
  readonly table: string;
  readonly user: string;
  readonly host: string;
  readonly agentInfo: string;
}

/** A metastore's lock table: the first in the queue of a table has its lock. Undefined for calls that are about something else. */
export class FakeLocks {
  queue: Held[] = [];
  #last = 0n;

  answer(call: ReceivedCall): Buffer | undefined {
    const withId = ['check_lock', 'heartbeat', 'unlock'].includes(call.method);
    const id = withId ? (getInt64(getStruct(call.args, 1) ?? new Map(), 1) ?? 0n) : 0n;
    switch (call.method) {
      case 'lock':
        return this.#state(call, this.enter(call).id);
      case 'check_lock':
        return this.#has(id) ? this.#state(call, id) : thrown(call, 3, 'no such lock');
      case 'heartbeat':
        return this.#has(id) ? reply(call) : thrown(call, 1, 'no such lock');
      case 'unlock': {
        if (!this.#has(id)) return thrown(call, 1, 'no such lock');
        this.queue = this.queue.filter((each) => each.id !== id);
        return reply(call);
      }
      case 'show_locks':
        return reply(
          call,
          struct(
            fields([
              [
                1,
                list(
                  T.STRUCT,
                  this.queue.map((each) => struct(this.#shown(each))),
                ),
              ],
            ]),
          ),
        );
      default:
        return undefined;
    }
  }

  /** Carries out a `lock` call without answering it. */
  enter(call: ReceivedCall): Held {
    const request = getStruct(call.args, 1) ?? new Map();
    const component = getStructList(request, 1)[0] ?? new Map();
    const held = {
      id: ++this.#last,
      database: getText(component, 3) ?? '',
      table: getText(component, 4) ?? '',
      user: getText(request, 3) ?? '',
      host: getText(request, 4) ?? '',
      agentInfo: getText(request, 5) ?? '',
    };
    this.queue.push(held);
    return held;
  }

  /** Somebody else's lock. */
  taken(agentInfo = 'theirs'): bigint {
    const id = ++this.#last;
    this.queue.push({ id, database: 'db', table: 't', user: 'carla', host: 'host-7', agentInfo });
    return id;
  }

  #has(id: bigint): boolean {
    return this.queue.some((each) => each.id === id);
  }

  #first(): Held | undefined {
    return this.queue[0];
  }

  #state(call: ReceivedCall, id: bigint): Buffer {
    return reply(call, lockResponse(id, this.#first()?.id === id ? 1 : 2));
  }

  #shown(each: Held) {
    return fields([
      [1, int64(each.id)],
      [2, text(each.database)],
      [3, text(each.table)],
      [5, int32(this.#first() === each ? 1 : 2)],
      [6, int32(3)],
      [8, int64(1_763_683_200_000n)],
      [10, text(each.user)],
      [11, text(each.host)],
      [13, text(each.agentInfo)],
    ]);
  }
}

/** state: 1 acquired, 2 waiting, 3 aborted, 4 not acquired. */
export function lockResponse(id: bigint, state: number, message?: string) {
  return struct(
    fields([
      [1, int64(id)],
      [2, int32(state)],
      [3, message === undefined ? undefined : text(message)],
    ]),
  );
}
