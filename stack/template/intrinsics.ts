// Resolves CloudFormation's intrinsic functions, as CDK emits them, into plain values. A function it does not know is
// refused by name: a template is either understood or not run.
import { StackError } from '../stack-error.ts';
import type { AssemblyStack, Resource } from './assembly.ts';
import { attributeOf, referenceTo, type StackEnvironment } from './identifiers.ts';

const noValue = Symbol('AWS::NoValue');

/** Resolves values of all stacks of one assembly; exports of one stack are imports of another. */
export class Resolver {
  readonly #environment: StackEnvironment;
  readonly #exports = new Map<string, { stack: AssemblyStack; value: unknown }>();

  constructor(stacks: readonly AssemblyStack[], environment: StackEnvironment) {
    this.#environment = environment;
    for (const stack of stacks) {
      for (const output of Object.values(stack.template.Outputs)) {
        if (!output.Export || !this.holds(stack, output.Condition)) continue;
        const name = this.resolve(stack, output.Export.Name, 'an export name');
        this.#exports.set(String(name), { stack, value: output.Value });
      }
    }
  }

  /** Whether a resource or output with this condition exists. */
  holds(stack: AssemblyStack, condition: string | undefined): boolean {
    if (condition === undefined) return true;
    if (!(condition in stack.template.Conditions)) throw new StackError(`unknown condition '${condition}'`);
    return this.#test(stack, stack.template.Conditions[condition], `condition '${condition}'`);
  }

  /** The properties of a resource, resolved. */
  properties(stack: AssemblyStack, id: string, resource: Resource): Record<string, unknown> {
    return this.resolve(stack, resource.Properties, `${stack.name}.${id}`) as Record<string, unknown>;
  }

  /**
   * @param where names the value in an error
   * @throws StackError for an intrinsic function, reference or attribute it does not know
   */
  resolve(stack: AssemblyStack, value: unknown, where: string): unknown {
    const resolved = this.#value(stack, value, where);
    return resolved === noValue ? undefined : resolved;
  }

  #value(stack: AssemblyStack, value: unknown, where: string): unknown {
    if (Array.isArray(value)) {
      return value.map((each) => this.#value(stack, each, where)).filter((each) => each !== noValue);
    }
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [name, argument] = entries[0] ?? [];
    if (entries.length === 1 && name !== undefined && (name === 'Ref' || name.startsWith('Fn::'))) {
      return this.#intrinsic(stack, name, argument, where);
    }
    const resolved = entries
      .map(([key, each]) => [key, this.#value(stack, each, where)] as const)
      .filter(([, each]) => each !== noValue);
    return Object.fromEntries(resolved);
  }

  #intrinsic(stack: AssemblyStack, name: string, argument: unknown, where: string): unknown {
    const fail = (why: string): never => {
      throw new StackError(`${where}: ${name} ${why}`);
    };
    const list = (value: unknown, least: number): unknown[] => {
      if (!Array.isArray(value) || value.length < least) return fail(`wants a list of at least ${least}`);
      return value;
    };
    switch (name) {
      case 'Ref':
        return this.#ref(stack, String(argument), where);
      case 'Fn::GetAtt': {
        const [id, ...path] = typeof argument === 'string' ? argument.split('.') : list(argument, 2).map(String);
        return this.#attribute(stack, id ?? '', path.join('.'), where);
      }
      case 'Fn::Join': {
        const [separator, parts] = list(argument, 2);
        return list(this.#value(stack, parts, where), 0)
          .map(String)
          .join(String(separator));
      }
      case 'Fn::Sub': {
        const [text, variables] = Array.isArray(argument) ? argument : [argument, {}];
        return this.#sub(stack, String(text), variables as Record<string, unknown>, where);
      }
      case 'Fn::Select': {
        const [index, from] = list(argument, 2);
        const items = list(this.#value(stack, from, where), 0);
        const at = Number(this.#value(stack, index, where));
        return at in items ? items[at] : fail(`has no item ${at} of ${items.length}`);
      }
      case 'Fn::Split': {
        const [separator, text] = list(argument, 2);
        return String(this.#value(stack, text, where)).split(String(separator));
      }
      case 'Fn::ImportValue': {
        const exported = this.#exports.get(String(this.#value(stack, argument, where)));
        if (!exported) return fail(`names no export: ${JSON.stringify(argument)}`);
        return this.#value(exported.stack, exported.value, where);
      }
      case 'Fn::If': {
        const [condition, yes, no] = list(argument, 3);
        return this.#value(stack, this.holds(stack, String(condition)) ? yes : no, where);
      }
      default:
        return fail('is not known to the embedded stack');
    }
  }

  #ref(stack: AssemblyStack, id: string, where: string): unknown {
    const { region, accountId } = this.#environment;
    switch (id) {
      case 'AWS::Region':
        return region;
      case 'AWS::AccountId':
        return accountId;
      case 'AWS::Partition':
        return 'aws';
      case 'AWS::URLSuffix':
        return 'amazonaws.com';
      case 'AWS::StackName':
        return stack.name;
      case 'AWS::StackId':
        return `arn:aws:cloudformation:${region}:${accountId}:stack/${stack.name}/local`;
      case 'AWS::NoValue':
        return noValue;
    }
    const parameter = stack.template.Parameters[id];
    if (parameter) {
      if (parameter.Default === undefined) throw new StackError(`${where}: parameter '${id}' has no default`);
      return parameter.Default;
    }
    const resource = stack.template.Resources[id];
    if (!resource) throw new StackError(`${where}: Ref names nothing in stack ${stack.name}: '${id}'`);
    return referenceTo(this.#environment, stack.name, id, resource.Type);
  }

  #attribute(stack: AssemblyStack, id: string, attribute: string, where: string): unknown {
    const resource = stack.template.Resources[id];
    if (!resource) throw new StackError(`${where}: Fn::GetAtt names nothing in stack ${stack.name}: '${id}'`);
    const value = attributeOf(this.#environment, stack.name, id, resource.Type, attribute);
    if (value === undefined) {
      throw new StackError(`${where}: the embedded stack knows no attribute '${attribute}' of a ${resource.Type}`);
    }
    return value;
  }

  #sub(stack: AssemblyStack, text: string, variables: Record<string, unknown>, where: string): string {
    return text.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (Object.hasOwn(variables, name)) return String(this.#value(stack, variables[name], where));
      const [id, ...path] = name.split('.');
      return String(
        path.length > 0 ? this.#attribute(stack, id ?? '', path.join('.'), where) : this.#ref(stack, name, where),
      );
    });
  }

  #test(stack: AssemblyStack, condition: unknown, where: string): boolean {
    const [name, argument] = Object.entries((condition ?? {}) as Record<string, unknown>)[0] ?? [];
    const operands = Array.isArray(argument) ? argument : [];
    switch (name) {
      case 'Condition':
        return this.holds(stack, String(argument));
      case 'Fn::Equals':
        return this.#value(stack, operands[0], where) === this.#value(stack, operands[1], where);
      case 'Fn::And':
        return operands.every((operand) => this.#test(stack, operand, where));
      case 'Fn::Or':
        return operands.some((operand) => this.#test(stack, operand, where));
      case 'Fn::Not':
        return !this.#test(stack, operands[0], where);
      default:
        throw new StackError(`${where}: ${name} is not known to the embedded stack`);
    }
  }
}
