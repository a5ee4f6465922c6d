#!/usr/bin/env node
// The AWS SDK announces on every run that it will drop this Node version some day; specs/04-dependencies.md says when bcn does.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const { start } = await import('../dist/cli/start.js');
await start();
