import { BcnError } from '../errors.js';
import type { Reporter } from '../report.js';
import { type Keyed, Sorter } from '../spill/sorter.js';

/** A content file that a restore goes without. */
export interface LostFile {
  /** URI in the repository, or where the source had it; the new path where nobody ever had it. */
  readonly object: string;
  readonly message: string;
}

/** `k`: URI that it would have in the target. */
type Lost = Keyed & LostFile;

/** How many are named one by one in warnings. */
const NAMED = 20;

/** Content files that are missing or damaged, and that a restore goes without where that is allowed (`--allow-damaged`). */
export class Losses {
  readonly allowed: boolean;
  readonly files: Sorter<Lost>;
  objects = 0;
  bytes = 0;

  constructor(scratch: string, allowed: boolean) {
    this.allowed = allowed;
    this.files = new Sorter<Lost>(scratch, 'losses');
  }

  async add({ k, size }: Keyed & { readonly size: number }, { object, message }: LostFile): Promise<void> {
    this.objects++;
    this.bytes += size;
    await this.files.add({ k, object, message });
  }

  /** The same for one that an error is about; throws the error where nothing may be lost, and when it is about anything else than a damaged file. */
  async addOrThrow(file: Keyed & { readonly size: number }, error: unknown): Promise<void> {
    if (!this.allowed || !(error instanceof BcnError) || !(error.code === 'corrupt' || error.code === 'unsupported')) throw error;
    await this.add(file, { object: error.object ?? file.k, message: error.message });
  }

  /** Tells of each, and warns of the first ones and of how many more there are. */
  async tell(report: Reporter, onLost: (lost: LostFile) => void = () => {}): Promise<void> {
    let told = 0;
    for await (const { object, message } of this.files.sorted()) {
      onLost({ object, message });
      if (told++ < NAMED) report.warn(`${message}: the table comes back without it`, { object });
    }
    if (told > NAMED) report.warn(`${told - NAMED} more files are missing or damaged, and the table comes back without them`);
  }
}
