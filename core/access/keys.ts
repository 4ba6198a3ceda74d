// Where devices and tokens lie in the data bucket.
export const tokensPrefix = 'tokens/';
/** Key of a token's record. */
export const tokenKey = (tokenId: string): string => `${tokensPrefix}${tokenId}.json`;
/** Key of the day on which a token was last used. */
export const tokenUseKey = (tokenId: string): string => `token-uses/${tokenId}.json`;
/** Key of how much of the functions' time a token has had. */
export const tokenWorkKey = (tokenId: string): string => `token-work/${tokenId}.json`;

export const devicesPrefix = 'devices/';
/** Key of a device's record. */
export const deviceKey = (deviceId: string): string => `${devicesPrefix}${deviceId}.json`;
