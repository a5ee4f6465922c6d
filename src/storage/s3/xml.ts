/** Whether XML can carry a key as it is: XML 1.0 cannot name control characters and the like, and its parsers turn line ends into others. */
export function fitsXml(key: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  return !/[\u0000-\u001f\u007f-\u009f\ufffe\uffff\u2028]/.test(key);
}
