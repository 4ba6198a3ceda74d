// Tables as people bring them: what spreadsheets, pandas and R write, in which encoding, unit and order. Each is read
// to the same latencies, or refused with row, column and what would be accepted.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parseLatencyTable, type TableSource } from '#core/dataset/table.ts';
import { tableText } from '#core/dataset/table-text.ts';
import { DomainError } from '#core/errors.ts';
import { searchSpace } from '#core/search-space/registry.ts';

const space = searchSpace('nasbench201');
const [a, b] = [...space.enumerate!()].slice(70, 72).map(space.format) as [string, string];
const fbnet = searchSpace('fbnet');

const read = (text: string, more: Partial<TableSource> = {}) =>
  parseLatencyTable(text, { file: 'mine.csv', space, ...more });
const latencies = (text: string, more: Partial<TableSource> = {}) =>
  read(text, more).targets.map(({ id, latencyMs }) => [id, ...latencyMs]);

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError);
    expect((error as DomainError).code).toBe('invalid-table');
    // Printable, and short: nothing of the file's bytes.
    expect((error as DomainError).message).toMatch(/^[\P{C}]{1,600}$/u);
    return (error as DomainError).message;
  }
  throw new Error('was accepted');
}

const plain = `architecture,pi\n${a},8.215\n${b},30\n`;

describe('bytes', () => {
  const utf8 = Buffer.from(plain);
  const utf16le = Buffer.from(plain, 'utf16le');
  const mark = Buffer.from([0xff, 0xfe]);
  const swapped = (bytes: Buffer): Buffer => Buffer.from(bytes).swap16();

  test.each([
    ['UTF-8', utf8],
    ['UTF-8 with a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), utf8])],
    ['UTF-16 LE', Buffer.concat([mark, utf16le])],
    ['UTF-16 BE', swapped(Buffer.concat([mark, utf16le]))],
    ['UTF-16 LE without a mark', utf16le],
    ['UTF-16 BE without a mark', swapped(utf16le)],
    ['gzip', gzipSync(utf8)],
    ['gzip of UTF-16', gzipSync(Buffer.concat([mark, utf16le]))],
  ])('%s', (_, bytes) => {
    expect(latencies(tableText(bytes, 'mine.csv'))).toEqual([['pi', 8.215, 30]]);
  });

  test.each([
    [
      'Latin-1',
      Buffer.from('architecture,carte_d\u00e9mo\n', 'latin1'),
      /row 1: field 2 has a character that is not UTF-8/,
    ],
    ['Latin-1 below', Buffer.from('x;y\r\na;b;\u00b5s', 'latin1'), /row 2: field 3 has a character that is not UTF-8/],
    ['a workbook', Buffer.from('504b0304140000000000', 'hex'), /this is an Excel workbook or a zip archive/],
    ['Parquet', Buffer.from('PAR1xxxx'), /this is Parquet/],
    ['half a gzip', gzipSync(utf8).subarray(0, 30), /gzip that cannot be read: it is cut off or damaged/],
    ['half a UTF-16', Buffer.concat([mark, utf16le]).subarray(0, 31), /a character that is not UTF-16LE/],
    ['binary', Buffer.from([97, 44, 98, 10, 99, 44, 7, 200]), /row 2: field 2 has a control character/],
  ])('%s is refused by what it is', (_, bytes, message) => {
    const said = refusal(() => tableText(bytes, 'mine.csv'));
    expect(said).toMatch(message);
    expect(said).toMatch(/accepted: CSV text in UTF-8 or UTF-16, plain or gzip$/);
  });
});

describe('rows and separators', () => {
  test.each([
    ['line ends of Windows', plain.replaceAll('\n', '\r\n')],
    ['line ends of old Macs', plain.replaceAll('\n', '\r')],
    ['semicolons and decimal commas', `architecture;pi\n${a};8,215\n${b};30\n`],
    ['semicolons and points', plain.replaceAll(',', ';')],
    ['tabs and decimal commas', `architecture\tpi\n${a}\t8,215\n${b}\t30\n`],
    ['Excel’s line of the separator', `sep=;\narchitecture;pi\n${a};8,215\n${b};30\n`],
    ['comments before the header', `# by tool 1.2, "quick" run\n\n#\n${plain}`],
    ['empty rows', `\narchitecture,pi\n\n${a},8.215\n,\n${b},30\n ,  \n`],
    ['a comma after each row', plain.replaceAll('\n', ',\n')],
    ['a comma after the rows alone', `architecture,pi\n${a},8.215,\n${b},30,,\n`],
    ['spaces around everything', ` architecture , pi \n ${a} ,  8.215\n\t${b}, 30 \n`],
    ['spaces around quotes', `"architecture", "pi"\n"${a}", "8.215"\n "${b}" ,"30"\n`],
    ['another case', plain.replace('architecture', 'Architecture')],
    ['another name', plain.replace('architecture', 'arch_str')],
    ['an index of pandas', `,architecture,pi\n0,${a},8.215\n1,${b},30\n`],
    ['a shuffled index', `,architecture,pi\n17,${a},8.215\n3,${b},30\n`],
    ['an index with a name', `Unnamed: 0,pi,architecture\n0,8.215,${a}\n1,30,${b}\n`],
    ['the architectures as index of pandas', plain.replace('architecture', '')],
    ['numbered rows', `#,architecture,pi\n1,${a},8.215\n2,${b},30\n`],
    ['exponents and signs', `architecture,pi\n${a},+8.215e0\n${b},3E1\n`],
    ['units in cells', `architecture,pi\n${a},8215 us\n${b},0.03s\n`],
  ])('%s', (_, text) => {
    expect(latencies(text)).toEqual([['pi', 8.215, 30]]);
  });

  test('texts with the separator in them, quoted or not', () => {
    for (const text of [`architecture,pi\n"${fbnet.example}",1.5\n`, `architecture;pi\n${fbnet.example};1,5\n`]) {
      expect(latencies(text, { space: fbnet })).toEqual([['pi', 1.5]]);
    }
    const said = refusal(() => read(`architecture,pi\n${fbnet.example},1.5\n`, { space: fbnet }));
    expect(said).toBe(
      'mine.csv, row 2: the number of fields is 23; the header has 2; a field with "," in it is quoted: "…"',
    );
  });

  test('what was seen beside the numbers is told', () => {
    const { notes } = read(`;architecture;pi;\n0;${a};8,5;\n1;${b};9;\n`);
    expect(notes).toEqual([
      'fields are separated by semicolons',
      'numbers have decimal commas',
      'column 1 is left out: it numbers the rows',
      'column 4 is left out: it is empty',
    ]);
  });

  test.each([
    [
      `architecture;pi\n${a};1,5\n${b};2.5\n`,
      /row 3, column "pi": "2.5" has a decimal point, and row 2, column "pi" \("1,5"\) a comma/,
    ],
    [
      `architecture;pi\n${a};1.234,5\n`,
      /row 2, column "pi": "1.234,5" is not a number; accepted: a latency such as 8.2/,
    ],
    [`architecture,pi\n${a},"8,215"\n`, /row 2, column "pi": "8,215" is not a number/],
    [`# c\n\narchitecture,pi\n${a},1\n${b},x\n`, /row 5, column "pi": "x" is not a number/],
    [`architecture,,pi\n${a},4.5,1\n`, /row 1: column 2 has no name; accepted: a name for each column/],
    [`architecture,pi\n 	${a}\u00a0,1\n${a},1\n`, /row 3, column "architecture": .* stands in row 2 already/],
    [`architecture,pi\n773,1\n`, /row 2, column "architecture": .*sugarbush convert.*--form/],
    ['# nothing\n\n', /row 3: the table is empty/],
  ])('%j is refused', (text, message) => {
    expect(refusal(() => read(text))).toMatch(message);
  });

  test('a broken quote is refused without the text around it', () => {
    expect(refusal(() => read(`architecture,pi\n${a},"1\n${b},2`))).toMatch(
      /row 2: not CSV \(RFC 4180\): a quoted field/,
    );
  });
});

test('empty cells, NA, inf and what spreadsheets write are missing, counted, and no latency', () => {
  const ways = [
    '',
    ' ',
    'NA',
    'n/a',
    '#N/A',
    'NaN',
    'null',
    'None',
    '-',
    '—',
    'inf',
    '-Infinity',
    '∞',
    '#DIV/0!',
    '<NA>',
  ];
  ways.push('1.#INF', '1e999', 'nan');
  const cells = [...space.enumerate!()].slice(0, ways.length + 2).map(space.format);
  const rows = [...ways, '0', '2.5'].map((value, i) => `${cells[i]},${value}`);
  const { targets, exclusions } = read(`architecture,pi\n${rows.join('\n')}\n`);
  expect([...targets[0]!.latencyMs].filter((ms) => !Number.isNaN(ms))).toEqual([2.5]);
  expect(exclusions).toEqual([
    { file: 'mine.csv', target: 'pi', reason: 'missing', count: 18 },
    { file: 'mine.csv', target: 'pi', reason: 'not-a-latency', count: 1 },
  ]);
});

describe('units', () => {
  const at = (header: string, value: string, more: Partial<TableSource> = {}) => {
    const [target] = read(`architecture,"${header}"\n${a},${value}\n`, more).targets;
    return [target!.id, target!.reading!.device, target!.reading!.unit, target!.latencyMs[0]];
  };

  test.each([
    ['pi', '8.215', 'pi', 'ms', 8.215],
    ['pi_ms', '8.215', 'pi', 'ms', 8.215],
    ['pi (ms)', '8.215', 'pi', 'ms', 8.215],
    ['pi [µs]', '8215', 'pi', 'us', 8.215],
    ['pi_us', '8215', 'pi', 'us', 8.215],
    ['pi (μs)', '8215', 'pi', 'us', 8.215],
    ['pi latency in us', '8215', 'pi latency', 'us', 8.215],
    ['pi (s)', '0.5', 'pi', 's', 500],
    ['pi_s', '0.5', 'pi', 's', 500],
    ['pi_sec', '0.5', 'pi', 's', 500],
    ['pi, seconds', '0.5', 'pi', 's', 500],
    ['pi/ns', '500000', 'pi', 'ns', 0.5],
    ['pi_fps', '125', 'pi', 'fps', 8],
    ['pi (FPS)', '125', 'pi', 'fps', 8],
    ['pi (img/s)', '125', 'pi', 'fps', 8],
    ['pi images/s', '125', 'pi', 'fps', 8],
    ['chips', '3', 'chips', 'ms', 3],
    ['Galaxy S', '3', 'Galaxy S', 'ms', 3],
    ['bus', '3', 'bus', 'ms', 3],
    ['(us)', '3', '(us)', 'ms', 3],
  ])('header %s', (header, value, device, unit, ms) => {
    expect(at(header, value)).toEqual([header, device, unit, ms]);
  });

  test('by option, of the columns that state none; frames count each image of a batch', () => {
    expect(at('pi', '0.5', { unit: 's' })).toEqual(['pi', 'pi', 's', 500]);
    expect(at('pi_us', '8215', { unit: 'us' })).toEqual(['pi_us', 'pi', 'us', 8.215]);
    expect(at('pi', '1000', { unit: 'fps', batchSize: 32 })).toEqual(['pi', 'pi', 'fps', 32]);
    expect(refusal(() => at('pi (us)', '1', { unit: 'ms' }))).toMatch(
      /column "pi \(us\)": the header says us, the option ms/,
    );
  });

  test('a name that only ends like a unit is asked about where the latency would be absurd', () => {
    for (const [header, value] of [
      ['galaxy_s', '12.5'],
      ['lab_us', '8.2'],
    ] as const) {
      expect(refusal(() => at(header, value))).toMatch(/the name ends like the unit u?s, in which the median would be/);
      expect(at(header, value, { unit: 'ms' })).toEqual([header, header, 'ms', Number(value)]);
    }
  });

  test('a row of units below the header', () => {
    expect(latencies(`architecture,pi,nano\nunit,us,s\n${a},1500,0.25\n`)).toEqual([
      ['pi', 1.5],
      ['nano', 250],
    ]);
    expect(refusal(() => read(`architecture,pi\nunit,hours\n${a},1\n`))).toMatch(
      /row 2, column "pi": "hours" is no unit; accepted: ms,/,
    );
  });

  test('zero frames are no latency', () => {
    expect(read(`architecture,pi_fps\n${a},0\n${b},50\n`).exclusions).toMatchObject([
      { reason: 'not-a-latency', count: 1 },
    ]);
  });
});

describe('columns that are no targets', () => {
  test.each([
    ['pi_ms,pi_std', ['pi_ms']],
    ['pi,pi_std,pi_p90,pi_max,pi_n', ['pi']],
    ['pi_mean,pi_min,pi_max', ['pi_mean']],
    ['mean_ms,std_ms', ['mean_ms']],
    ['latency (ms),latency_stdev (ms)', ['latency (ms)']],
    ['jetson,jetson_max', ['jetson', 'jetson_max']],
    ['pi,pin', ['pi', 'pin']],
    ['board_std', ['board_std']],
  ])('%s', (header, ids) => {
    const values = header.split(',').map((_, i) => i + 1);
    expect(read(`architecture,${header}\n${a},${values.join(',')}\n`).targets.map(({ id }) => id)).toEqual(ids);
  });

  test('only those that are named are read', () => {
    const text = `architecture,pi,pi_std,where\n${a},1,0.5,lab\n`;
    expect(refusal(() => read(text))).toMatch(/row 2, column "where": "lab" is not a number/);
    expect(latencies(text, { only: ['pi'] })).toEqual([['pi', 1]]);
    expect(latencies(text, { only: ['pi_std'] })).toEqual([['pi_std', 0.5]]);
  });
});

describe('a number at the end of a name', () => {
  const readings = (text: string, more: Partial<TableSource> = {}) =>
    read(text, more).targets.map(({ id, reading }) => [
      id,
      reading!.device,
      reading!.batchSize,
      reading!.batchSizeFrom,
    ]);
  const text = `architecture,rpi_4,titanx_32,pixel_8\n${a},1,2,3\n`;

  test('is a part of the name', () => {
    expect(readings(text)).toEqual([
      ['rpi_4', 'rpi_4', 1, 'nobody'],
      ['titanx_32', 'titanx_32', 1, 'nobody'],
      ['pixel_8', 'pixel_8', 1, 'nobody'],
    ]);
  });

  test('is a batch size where a row of the table says so', () => {
    const table = read(`architecture,pi,titanx,titanx\nBatch size,,1,32.0\n${a},1,2,3\n`);
    expect(
      table.targets.map(({ id, reading, latencyMs }) => [id, reading!.device, reading!.batchSize, latencyMs[0]]),
    ).toEqual([
      ['pi', 'pi', 1, 1],
      ['titanx (batch size 1)', 'titanx', 1, 2],
      ['titanx (batch size 32)', 'titanx', 32, 3],
    ]);
    const wrong = `architecture,pi\nbatch_size,many\n${a},1\n`;
    expect(refusal(() => read(wrong))).toMatch(/row 2, column "pi": "many" is no batch size; accepted: a whole number/);
    const same = `architecture,pi,pi\nbatch,4,4\n${a},1,2\n`;
    expect(refusal(() => read(same))).toMatch(/row 1, column "pi": two columns have this name/);
  });

  test('is a batch size where the sheet says so, or an option', () => {
    const sheet = { columns: { titanx_32: { device: 'titanx', batchSize: 32 }, rpi_4: { unit: 'us' as const } } };
    expect(readings(text, { sheet })[1]).toEqual(['titanx_32', 'titanx', 32, 'sheet']);
    expect(latencies(text, { sheet })[0]).toEqual(['rpi_4', 0.001]);
    expect(readings(text, { batchSize: 'from-names' })).toEqual([
      ['rpi_4', 'rpi', 4, 'option'],
      ['titanx_32', 'titanx', 32, 'option'],
      ['pixel_8', 'pixel', 8, 'option'],
    ]);
    expect(readings(text, { batchSize: 16 }).map(([, device, size]) => [device, size])).toEqual([
      ['rpi_4', 16],
      ['titanx_32', 16],
      ['pixel_8', 16],
    ]);
    const stray = { columns: { nano: { batchSize: 2 } } };
    expect(refusal(() => read(text, { sheet: stray }))).toMatch(/column "nano": the sheet of the columns names it/);
  });
});

test('architectures in a form of another tool, where it is named', () => {
  const texts = read('architecture,pi\n0,1\n773,2\n', { form: 'index' }).texts;
  expect(texts[1]).toBe('|none~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|avg_pool_3x3~0|avg_pool_3x3~1|nor_conv_3x3~2|');
  expect(read('architecture;pi\n(0, 3, 3, 4, 4, 3);2\n', { form: 'choices' }).texts).toEqual([texts[1]]);
  expect(refusal(() => read('architecture,pi\n15625,1\n', { form: 'index' }))).toMatch(
    /row 2, column "architecture": not of form 'index': the index is "15625"/,
  );
});
