// Where devices and tokens lie in the data bucket.
export const tokenKey = (tokenId: string): string => `tokens/${tokenId}.json`;

export const devicesPrefix = 'devices/';
export const deviceKey = (deviceId: string): string => `${devicesPrefix}${deviceId}.json`;
