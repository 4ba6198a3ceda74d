// Where devices and tokens lie in the data bucket.
/** Key of a token's record. */
export const tokenKey = (tokenId: string): string => `tokens/${tokenId}.json`;

export const devicesPrefix = 'devices/';
/** Key of a device's record. */
export const deviceKey = (deviceId: string): string => `${devicesPrefix}${deviceId}.json`;
