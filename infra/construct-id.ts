// Construct ids of functions, from the names of their files.

/** `search-spaces` → `SearchSpaces`, `training/fit` → `TrainingFit`: CDK's habit. */
export function constructId(name: string): string {
  return name.replace(/(^|[-/])([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
}
