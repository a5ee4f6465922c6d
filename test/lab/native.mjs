/** How each real part is had and started without a container engine. `needs`: parts that must be up before it starts. */
import { hmsOnDerby, hmsOnPostgres } from './parts/hms.mjs';
import { saslPlain, tlsAndFramed } from './parts/hms-wire.mjs';
import { provisionMinio, startMinio, startMinio2 } from './parts/minio.mjs';
import { provisionPostgres, startPostgres } from './parts/postgres.mjs';
import { provisionPyiceberg, startPyiceberg } from './parts/pyiceberg.mjs';
import { provisionSpark, startSpark } from './parts/spark.mjs';
import { provisionVersitygw, startVersitygw } from './parts/versitygw.mjs';
import { HMS, HMS3, HMS401 } from './versions.mjs';

export const NATIVE = {
  s3: { provision: provisionMinio, start: startMinio, needs: [] },
  minio2: { provision: provisionMinio, start: startMinio2, needs: [] },
  versitygw: { provision: provisionVersitygw, start: startVersitygw, needs: [] },
  hms: hmsOnDerby('hms', HMS),
  hms3: hmsOnDerby('hms3', HMS3),
  hms401: hmsOnPostgres('hms401', HMS401),
  hmsTls: hmsOnDerby('hmsTls', HMS, tlsAndFramed),
  hmsSasl: hmsOnDerby('hmsSasl', HMS, saslPlain),
  postgres: { provision: provisionPostgres, start: startPostgres, needs: [] },
  spark: { provision: provisionSpark, start: startSpark, needs: ['s3', 'hms'] },
  pyiceberg: { provision: provisionPyiceberg, start: startPyiceberg, needs: [] },
};

export const PARTS = Object.keys(NATIVE);
