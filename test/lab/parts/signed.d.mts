import type { S3Part } from '../lab.js';

/** `path`: without a query, encoded; `service`: default s3; `body`: a form. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly service?: string;
}

export function signed(s3: S3Part, request: SignedRequest): Promise<{ readonly status: number; readonly body: string }>;
