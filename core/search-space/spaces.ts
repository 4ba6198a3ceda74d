// The search spaces there are, in the order in which they are listed. A new one is a folder beside this file and a line
// here; everything else follows (CONTRIBUTING.md, "Add a search space").
import { fbnet } from './fbnet/space.ts';
import { nasbench201 } from './nasbench201/space.ts';
import { ofa } from './ofa/space.ts';

export const spaces = [nasbench201, fbnet, ofa] as const;
