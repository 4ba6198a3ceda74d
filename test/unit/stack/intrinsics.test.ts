import { describe, expect, test } from 'vitest';
import type { AssemblyStack } from '#stack/template/assembly.ts';
import { Resolver } from '#stack/template/intrinsics.ts';

const environment = { region: 'eu-west-1', accountId: '123456789012' };

function stack(overrides: Partial<AssemblyStack['template']> = {}, name = 'Service'): AssemblyStack {
  const resource = (Type: string) => ({ Type, Properties: {}, Metadata: {} });
  return {
    name,
    assets: new Map(),
    template: {
      Resources: {
        Fn1: resource('AWS::Lambda::Function'),
        Data: resource('AWS::S3::Bucket'),
        Odd: resource('Odd::Type'),
      },
      Outputs: {},
      Parameters: { Level: { Type: 'String', Default: 'INFO' }, Empty: { Type: 'String' } },
      Conditions: { Yes: { 'Fn::Equals': [{ Ref: 'Level' }, 'INFO'] }, No: { 'Fn::Not': [{ Condition: 'Yes' }] } },
      ...overrides,
    },
  };
}

const resolve = (value: unknown, one = stack(), all = [one]): unknown =>
  new Resolver(all, environment).resolve(one, value, 'here');

describe('references', () => {
  test.each([
    [{ Ref: 'Fn1' }, 'Service-Fn1'],
    [{ Ref: 'Data' }, 'service-data'],
    [{ Ref: 'Level' }, 'INFO'],
    [{ Ref: 'AWS::Region' }, 'eu-west-1'],
    [{ Ref: 'AWS::AccountId' }, '123456789012'],
    [{ Ref: 'AWS::StackName' }, 'Service'],
    [{ 'Fn::GetAtt': ['Data', 'Arn'] }, 'arn:aws:s3:::service-data'],
    [{ 'Fn::GetAtt': 'Fn1.Arn' }, 'arn:aws:lambda:eu-west-1:123456789012:function:Service-Fn1'],
  ])('%j is %s', (value, expected) => {
    expect(resolve(value)).toBe(expected);
  });

  test('AWS::NoValue removes the property, and the item of a list', () => {
    expect(resolve({ a: { Ref: 'AWS::NoValue' }, b: [1, { Ref: 'AWS::NoValue' }, 2] })).toEqual({ b: [1, 2] });
  });

  test('an object with other keys beside Ref is plain data', () => {
    expect(resolve({ Ref: 'Data', other: 1 })).toEqual({ Ref: 'Data', other: 1 });
  });
});

describe('functions', () => {
  test.each([
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Level' }, 'b']] }, 'a-INFO-b'],
    [{ 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Data', 'Arn'] }, '/tokens/*']] }, 'arn:aws:s3:::service-data/tokens/*'],
    [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
      { 'Fn::Sub': 'x-${AWS::Region}-${Fn1.Arn}' },
      'x-eu-west-1-arn:aws:lambda:eu-west-1:123456789012:function:Service-Fn1',
    ],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
    [{ 'Fn::Sub': ['${Name}/${!Literal}', { Name: { Ref: 'Data' } }] }, 'service-data/${Literal}'],
    [{ 'Fn::Select': [1, { 'Fn::Split': ['/', 'a/b/c'] }] }, 'b'],
    [{ 'Fn::Select': ['2', ['a', 'b', 'c']] }, 'c'],
    [{ 'Fn::If': ['Yes', 'y', 'n'] }, 'y'],
    [{ 'Fn::If': ['No', 'y', 'n'] }, 'n'],
  ])('%j is %s', (value, expected) => {
    expect(resolve(value)).toBe(expected);
  });

  test('Fn::ImportValue takes another stack’s export, resolved there', () => {
    const data = stack({ Outputs: { Out: { Value: { Ref: 'Data' }, Export: { Name: 'Bucket' } } } }, 'Storage');
    expect(resolve({ 'Fn::ImportValue': 'Bucket' }, stack(), [data, stack()])).toBe('storage-data');
  });
});

describe('what it does not know is refused by name', () => {
  test.each([
    [{ Ref: 'Nothing' }, /here: Ref names nothing in stack Service: 'Nothing'/],
    [{ Ref: 'Empty' }, /parameter 'Empty' has no default/],
    [{ 'Fn::GetAtt': ['Odd', 'Colour'] }, /no attribute 'Colour' of a Odd::Type/],
    [{ 'Fn::Cidr': ['10.0.0.0/16', 1, 8] }, /Fn::Cidr is not known/],
    [{ 'Fn::Select': [3, ['a']] }, /no item 3 of 1/],
    [{ 'Fn::ImportValue': 'Missing' }, /names no export: "Missing"/],
    [{ 'Fn::If': ['Maybe', 1, 2] }, /unknown condition 'Maybe'/],
  ])('%j', (value, message) => {
    expect(() => resolve(value)).toThrow(message);
  });
});
