/** The part of the WebAssembly interface that the kernel uses; the types of Node leave it out. */
interface WebAssemblyInterface {
  Memory: new (size: { initial: number }) => { buffer: ArrayBuffer; grow(pages: number): number };
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { exports: unknown };
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

/** WebAssembly as every version of Node has it. */
export const webAssembly = (globalThis as unknown as { WebAssembly: WebAssemblyInterface }).WebAssembly;
