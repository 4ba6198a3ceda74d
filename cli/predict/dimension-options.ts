// `--dim`: lengths of open dimensions, by name, or whole shapes of inputs.
import * as z from 'zod';
import type { Dimensions } from './read-model.ts';

const form = /^(.+)=(\d{1,9}(?:x\d{1,9})*)$/;

/** `length=128` binds a dimension, `image=1x3x224x224` an input as a whole. */
export const dimensionsSchema = z
  .array(z.string().regex(form, 'must look like NAME=16 or INPUT=1x3x224x224'))
  .default([])
  .transform((all): Pick<Dimensions, 'dims' | 'inputs'> => {
    const parts = all.map((text) => form.exec(text)!.slice(1) as [string, string]);
    const isShape = ([, value]: readonly [string, string]): boolean => value.includes('x');
    return {
      dims: Object.fromEntries(parts.filter((p) => !isShape(p)).map(([name, length]) => [name, Number(length)])),
      inputs: Object.fromEntries(parts.filter(isShape).map(([name, shape]) => [name, shape.split('x').map(Number)])),
    };
  });
