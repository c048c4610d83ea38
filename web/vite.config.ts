import { readFileSync } from "node:fs";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const FONTS = ["inter", "jetbrains-mono"];

/** Vite gathers the licenses of code, and leaves out those of fonts. */
const fontLicenses: Plugin = {
  name: "font-licenses",
  generateBundle() {
    for (const font of FONTS) {
      const source = readFileSync(`node_modules/@fontsource-variable/${font}/LICENSE`);
      this.emitFile({ type: "asset", fileName: `assets/${font}-license.txt`, source });
    }
  },
};

export default defineConfig({
  // The app is mounted below a prefix that it does not know: every address is relative.
  base: "./",
  publicDir: false,
  plugins: [fontLicenses],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../src/steve/monitor/static",
    emptyOutDir: true,
    target: ["chrome123", "firefox128", "safari17.5"],
    // The content security policy allows no data: URLs but for images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "assets/licenses.md" },
  },
  server: { proxy: { "/api": process.env["STEVE_MONITOR"] ?? "http://127.0.0.1:8585" } },
  test: { include: ["tests/**/*.test.ts"] },
});
