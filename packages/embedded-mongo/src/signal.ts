/** Something that happens again and again, and that others may wait for. */
export class Signal {
  private readonly listeners = new Set<() => void>();

  /** Calls `listener` each time it happens, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** It happens. */
  fire(): void {
    for (const listener of [...this.listeners]) {
      listener();
    }
  }
}
