/**
 * Just enough of an assembler for one WebAssembly module of straight loops: functions over locals, one imported memory.
 * Numbers are those of the binary format (https://webassembly.github.io/spec/core/binary/), SIMD opcodes included.
 */

/** Encoded instructions. */
export type Code = readonly number[];

export const TYPE = { i32: 0x7f, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = (typeof TYPE)[keyof typeof TYPE];

const unsigned = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
};

const signed = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 0x80);
  }
};

const float64 = (value: number): number[] => [...new Uint8Array(new Float64Array([value]).buffer)];

const simd = (opcode: number, ...rest: number[]): number[] => [0xfd, ...unsigned(opcode), ...rest];

/** Alignment is a hint; 3 says 8 bytes, which every address here has. */
const at = (offset: number, alignment: number): number[] => [alignment, ...unsigned(offset)];

/** Instructions by name; operands come before their operator, as on the stack. */
export const op = {
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number): Code => [0x21, ...unsigned(local)],
  tee: (local: number): Code => [0x22, ...unsigned(local)],
  i32: (value: number): Code => [0x41, ...signed(value)],
  f64: (value: number): Code => [0x44, ...float64(value)],
  i32Add: [0x6a] as Code,
  i32Mul: [0x6c] as Code,
  i32LessUnsigned: [0x49] as Code,
  f64Add: [0xa0] as Code,
  f64Subtract: [0xa1] as Code,
  f64Multiply: [0xa2] as Code,
  f64Min: [0xa4] as Code,
  f64Less: [0x63] as Code,
  f64Equal: [0x61] as Code,
  i32And: [0x71] as Code,
  i32Or: [0x72] as Code,
  i32WrapI64: [0xa7] as Code,
  select: [0x1b] as Code,
  i32Load: (offset = 0): Code => [0x28, ...at(offset, 2)],
  i32Store: (offset = 0): Code => [0x36, ...at(offset, 2)],
  f64Load: (offset = 0): Code => [0x2b, ...at(offset, 3)],
  f64Store: (offset = 0): Code => [0x39, ...at(offset, 3)],
  vLoad: (offset = 0): Code => simd(0x00, ...at(offset, 3)),
  vStore: (offset = 0): Code => simd(0x0b, ...at(offset, 3)),
  /** Two 64-bit lanes. */
  vI64: (low: number, high: number): Code =>
    simd(0x0c, ...new Uint8Array(new BigInt64Array([BigInt(low), BigInt(high)]).buffer)),
  /** Lanes of both operands: 0 and 1 of the first, 2 and 3 of the second. */
  vShuffle: (first: number, second: number): Code =>
    simd(
      0x0d,
      ...[first, second].flatMap((lane) => Array.from({ length: 8 }, (_unused, byte) => lane * 8 + byte)),
    ),
  vSplat: simd(0x14) as Code,
  vBitselect: simd(0x52) as Code,
  vAdd: simd(0xf0) as Code,
  vSubtract: simd(0xf1) as Code,
  vMultiply: simd(0xf2) as Code,
  vLess: simd(0x49) as Code,
  vPseudoMin: simd(0xf6) as Code,
  vAddI64: simd(0xce) as Code,
  vF64Lane: (lane: 0 | 1): Code => simd(0x21, lane),
  vI64Lane: (lane: 0 | 1): Code => simd(0x1d, lane),
  /** Runs `body` again while the condition that it leaves on the stack holds. */
  loop: (...body: Code[]): Code => [0x03, 0x40, ...body.flat(), 0x0d, 0x00, 0x0b],
} as const;

/** One exported function. Locals are numbered: parameters first, then `locals`. */
export interface WasmFunction {
  name: string;
  parameters: readonly ValueType[];
  result: ValueType;
  locals: readonly ValueType[];
  body: Code;
}

const list = (items: readonly (readonly number[])[]): number[] => [
  ...unsigned(items.length),
  ...items.flat(),
];
const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...unsigned(content.length),
  ...content,
];
const text = (value: string): number[] => {
  const bytes = [...new TextEncoder().encode(value)];
  return [...unsigned(bytes.length), ...bytes];
};

/**
 * Encodes a module that imports its memory as `env.memory` and exports functions.
 * @param functions the functions
 * @returns the bytes of the module
 */
export const assembleModule = (functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> => {
  const types = functions.map(({ parameters, result }) => [
    0x60,
    ...list(parameters.map((type) => [type])),
    1,
    result,
  ]);
  const bodies = functions.map(({ locals, body }) => {
    const code = [...list(locals.map((type) => [1, type])), ...body, 0x0b];
    return [...unsigned(code.length), ...code];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, list(types)),
    ...section(2, list([[...text('env'), ...text('memory'), 0x02, 0x00, 0x01]])),
    ...section(3, list(functions.map((_unused, index) => unsigned(index)))),
    ...section(7, list(functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]))),
    ...section(10, list(bodies)),
  ]);
};
