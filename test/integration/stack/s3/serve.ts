// A process of its own for the tests that kill it: the endpoint over the folder named, its address on standard output.

import { startS3 } from '#stack/s3/server.ts';
import { credentials, region } from './identity.ts';

const endpoint = await startS3({ stateDir: process.argv[2]!, credentials, region, buckets: ['data', 'uploads'] });
console.log(endpoint.url);
