/** Credentials that do not come. Named as the SDK names its own errors of this kind. */
class CredentialsTimeout extends Error {
  override readonly name = 'CredentialsProviderError';
}

/**
 * Waits for credentials of the default chain for this long (ms), or until the signal is aborted. The SDK would wait for ever for a container's
 * credentials service that is silent, or a `credential_process` that is stuck. Once they are there it renews them by itself.
 */
export async function credentialsWithin(provider: () => Promise<unknown>, limit: number, signal?: AbortSignal): Promise<void> {
  let give: (error: Error) => void = () => {};
  const late = new Promise<never>((_resolve, reject) => {
    give = reject;
  });
  const stop = () => give(new Error('interrupted'));
  const timer = setTimeout(
    () => give(new CredentialsTimeout(`the AWS credentials chain gave none within ${limit / 1000} s`)),
    limit,
  );
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([provider(), late]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
