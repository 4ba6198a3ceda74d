// asl-validator ships no types; this is the part that is used.
declare module 'asl-validator' {
  export default function aslValidator(
    definition: object,
    options?: { checkArn?: boolean; checkPaths?: boolean },
  ): { readonly isValid: boolean; errorsText(separator?: string): string };
}
