/** How each real part is had and started without a container engine. `needs`: parts that must be up before it starts. */
import { provisionHms, startHms } from './parts/hms.mjs';
import { provisionMinio, startMinio } from './parts/minio.mjs';
import { provisionPyiceberg, startPyiceberg } from './parts/pyiceberg.mjs';
import { provisionSpark, startSpark } from './parts/spark.mjs';

export const NATIVE = {
  s3: { provision: provisionMinio, start: startMinio, needs: [] },
  hms: { provision: provisionHms, start: startHms, needs: ['s3'] },
  spark: { provision: provisionSpark, start: startSpark, needs: ['s3', 'hms'] },
  pyiceberg: { provision: provisionPyiceberg, start: startPyiceberg, needs: [] },
};

export const PARTS = Object.keys(NATIVE);
