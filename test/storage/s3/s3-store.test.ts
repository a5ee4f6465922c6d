import { describeWith } from '../../lab/lab.js';
import { s3Suite } from './suite.js';

describeWith(['s3'], 'MinIO', (lab) => {
  s3Suite('MinIO', lab, {
    refuses: { emptySegments: true, leadingSlash: true, dotSegments: true, longSegments: true, characters: ['\0'] },
    lacks: { nestedListing: true },
  });
});

// It keeps objects as files in folders.
describeWith(['versitygw'], 'versitygw', (lab) => {
  s3Suite(
    'versitygw',
    { ...lab, s3: lab.versitygw },
    {
      refuses: {
        ...{ emptySegments: true, leadingSlash: true, dotSegments: true, longSegments: true, nested: true },
        trailingSlash: 'with bytes',
        characters: ['\0', '\u0001', '\ufffe', '\uffff'],
      },
      lacks: { compareAndSwap: true, replacingLongNames: true },
    },
  );
});
