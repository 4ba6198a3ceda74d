// How many architectures a support set may have.

export const mostSupport = 100;
