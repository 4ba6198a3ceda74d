// Lambda: POST /v1/uploads and GET /v1/uploads/{id}.
import { randomBytes } from 'node:crypto';
import { uploadOperations } from '#contract/uploads.ts';
import { DomainError } from '#core/errors.ts';
import { registerUpload } from '#core/intake/register-upload.ts';
import { showUpload } from '#core/intake/show-upload.ts';
import { uploadView } from '#core/intake/upload-view.ts';
import { s3Client } from './shared/aws/s3-client.ts';
import { readFieldEnvironment } from './shared/environment.ts';
import { httpHandler } from './shared/http-handler.ts';
import { s3Store } from './shared/s3-store.ts';
import { uploadSigner } from './shared/sign-upload.ts';

const { DATA_BUCKET, UPLOADS_BUCKET, UPLOADS_PER_DAY, UPLOAD_VALID_S } = readFieldEnvironment(process.env);
const client = s3Client();
const store = s3Store({ bucket: DATA_BUCKET, client });
const dependencies = {
  store,
  openPlace: uploadSigner(client, UPLOADS_BUCKET),
  randomBytes,
  dailyQuota: UPLOADS_PER_DAY,
  validForS: UPLOAD_VALID_S,
};

export const handler = httpHandler(uploadOperations, {
  registerUpload: async ({ body, caller: { deviceId }, idempotencyKey }) => {
    if (deviceId === undefined) throw new DomainError('forbidden', "the token is no device's");
    const request = { ...body, deviceId, idempotencyKey, now: Date.now() };
    const { upload, place, expiresAt } = await registerUpload(dependencies, request);
    return { uploadId: upload.uploadId, status: upload.status, ...place, expiresAt };
  },
  showUpload: async ({ path, caller }) => uploadView(await showUpload(store, caller, path.id)),
});
