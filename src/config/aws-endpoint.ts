const AWS_HOST = /(^|\.)(amazonaws\.com|amazonaws\.com\.cn|api\.aws)$/;

/** Whether an http(s) address is one of AWS. */
export function isAws(endpoint: string): boolean {
  return AWS_HOST.test(new URL(endpoint).hostname);
}

/** The region in the name of an AWS endpoint (`s3.eu-central-1.amazonaws.com`), undefined for other addresses and those without one. */
export function regionOfEndpoint(endpoint: string): string | undefined {
  if (!isAws(endpoint)) return undefined;
  const host = new URL(endpoint).hostname.replace(AWS_HOST, '').replace(/\.vpce$/, '');
  return /(?:^|[.-])([a-z]{2}(?:-[a-z]+)+-\d)$/.exec(host)?.[1];
}
