// What a support set may be asked for.

/** Networks of one support set. */
export const mostSupport = 100;

/** Models that may be among its candidates: their ids stand in an address. */
export const mostModels = 50;
