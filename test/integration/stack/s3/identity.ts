// Who the tests' endpoint knows, and where it says it is.

export const credentials = { accessKeyId: 'AKIDEMBEDDED', secretAccessKey: 'embedded/secret+key' };
export const region = 'us-east-1';
