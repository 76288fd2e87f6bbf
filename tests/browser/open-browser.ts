import { chromium, type Browser } from 'playwright-core';

/** Keeps the browser from calling home: nothing of it may leave this machine in a test. */
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-gpu',
  '--disable-sync',
  '--no-first-run',
];

/**
 * Starts Chromium without a window.
 * @param path of the program
 */
export const openBrowser = (path: string): Promise<Browser> =>
  chromium.launch({
    executablePath: path,
    headless: true,
    // Chromium refuses to run its sandbox as root; the pages are our own.
    chromiumSandbox: process.getuid?.() !== 0,
    args: QUIET,
  });
