declare module 'snappyjs' {
  export function uncompress(compressed: Buffer, maxLength?: number): Buffer;
  export function compress(uncompressed: Buffer): Buffer;
}

declare module 'seek-bzip' {
  export function decode(input: Buffer): Buffer;
}
