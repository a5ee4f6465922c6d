/** Keys whose values may be secrets. Errs on the side of hiding: `encryption.key-id` is no secret, but nobody looks for it here. */
const SECRET_KEY = /secret|password|token|key/i;

/** `password=…` inside of a value, as in a JDBC address; and `user:password@` of an address. */
const SECRET_PART = /((?:secret|password|token|key)[^=&;,\s]*=)[^&;,\s]+/gi;
const USER_INFO = /(:\/\/)[^/@\s]*@/g;

const HIDDEN = '***';

/** The value of a property, as it may be shown. */
export function masked(key: string, value: string): string {
  if (SECRET_KEY.test(key)) return value === '' ? '' : HIDDEN;
  return value.replace(SECRET_PART, `$1${HIDDEN}`).replace(USER_INFO, `$1${HIDDEN}@`);
}

/** Any JSON value, with the texts and numbers under keys of secrets hidden, however deep. */
export function maskedValue(key: string, value: unknown): unknown {
  if (typeof value === 'string') return masked(key, value);
  if (Array.isArray(value)) return value.map((item) => maskedValue(key, item));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, maskedValue(SECRET_KEY.test(key) ? key : name, item)]),
    );
  return SECRET_KEY.test(key) && value !== null && value !== undefined ? HIDDEN : value;
}
