// `--dim`: lengths of a model's open dimensions, by name, or whole shapes of inputs.
import * as z from 'zod';

export interface NamedDimensions {
  /** Lengths of named dimensions. */
  readonly dims: Readonly<Record<string, number>>;
  /** Whole shapes of inputs. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
}

const form = /^(.+)=(\d{1,9}(?:x\d{1,9})*)$/;

/** `length=128` binds a dimension, `image=1x3x224x224` an input as a whole. */
export const dimensionsSchema = z
  .array(z.string().regex(form, 'must look like NAME=16 or INPUT=1x3x224x224'))
  .default([])
  .transform((all): NamedDimensions => {
    const parts = all.map((text) => form.exec(text)!.slice(1) as [string, string]);
    const isShape = ([, value]: readonly [string, string]): boolean => value.includes('x');
    return {
      dims: Object.fromEntries(parts.filter((p) => !isShape(p)).map(([name, length]) => [name, Number(length)])),
      inputs: Object.fromEntries(parts.filter(isShape).map(([name, shape]) => [name, shape.split('x').map(Number)])),
    };
  });

/** The option, for a command that reads models. */
export const dimensionsOption = {
  value: 'NAME=LENGTH',
  help: 'of an open dimension; INPUT=1x3x224x224 binds an input as a whole',
  schema: dimensionsSchema,
  repeatable: true,
};
