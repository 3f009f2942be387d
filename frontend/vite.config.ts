import { defineConfig } from "vite";

export default defineConfig({
  // Relative, so that the server may mount the folder wherever it likes.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  publicDir: false,
  build: {
    outDir: "../src/panier/web/static",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    // Fonts stay files: an inlined one would need `font-src data:` in the policy.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: {
        watch: "src/watch/main.tsx",
        studio: "src/studio/main.tsx",
        office: "src/office/main.ts",
      },
    },
    // hls.js is one lazy chunk of this size.
    chunkSizeWarningLimit: 450,
  },
});
