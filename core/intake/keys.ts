// Where uploads lie: what a device has put in the uploads bucket, and in the data bucket the record of each upload and
// the marks of its quota.

/** Key of an upload's record. */
export const uploadKey = (uploadId: string): string => `uploads/${uploadId}.json`;
/** One empty object for each upload that a device registered on a day (UTC): counting them is its quota. */
export const uploadQuotaPrefix = (deviceId: string, day: string): string => `upload-quota/${deviceId}/${day}/`;

/** In the uploads bucket; all others are in the data bucket. */
export const incomingPrefix = 'incoming/';
/** Key of an upload in the bucket that devices write to. */
export const incomingKey = (deviceId: string, uploadId: string): string =>
  `${incomingPrefix}${deviceId}/${uploadId}.json.gz`;

const incomingForm = /^incoming\/([a-z0-9-]{1,64})\/([0-9a-f]{32})\.json\.gz$/;

/** Undefined for a key that no registered upload has. */
export function parseIncomingKey(key: string): { readonly deviceId: string; readonly uploadId: string } | undefined {
  const match = incomingForm.exec(key);
  return match ? { deviceId: match[1]!, uploadId: match[2]! } : undefined;
}
