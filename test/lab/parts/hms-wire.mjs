/** Other ways to speak with a metastore than plain Thrift: its settings, and what a client must know. */
import { join } from 'node:path';
import { run } from '../../../scripts/lib/proc.mjs';

const PASSWORD = 'changeit';

/** TLS with a certificate of its own for 127.0.0.1 and localhost, and framed transport: each by itself is common, together they are rare. */
export async function tlsAndFramed(folder) {
  const keystore = join(folder, 'keystore.p12');
  const ca = join(folder, 'certificate.pem');
  const keytool = (...args) =>
    run('keytool', [...args, '-alias', 'metastore', '-keystore', keystore, '-storepass', PASSWORD], {
      what: `keytool ${args[0]}`,
    });
  const names = ['-dname', 'CN=localhost', '-ext', 'SAN=ip:127.0.0.1,dns:localhost', '-ext', 'BC:critical=ca:true'];
  await keytool('-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '3650', '-storetype', 'PKCS12', ...names);
  await keytool('-exportcert', '-rfc', '-file', ca);
  const properties = {
    'metastore.use.SSL': true,
    'metastore.keystore.path': keystore,
    'metastore.keystore.password': PASSWORD,
    'metastore.keystore.type': 'PKCS12',
    'metastore.thrift.framed.transport.enabled': true,
  };
  return { properties, address: { ca } };
}

/** SASL without Kerberos: mechanism PLAIN with one user. To a client that speaks none it looks as a kerberised server does. */
export async function saslPlain() {
  const properties = {
    // The two exclude each other.
    'metastore.execute.setugi': false,
    'metastore.authentication': 'CONFIG',
    'metastore.authentication.config.username': 'hive',
    'metastore.authentication.config.password': PASSWORD,
  };
  return { properties, address: {} };
}
