// A page with the React hook of README.md in the smallest app there is. It asserts nothing.

import { createServer } from "node:http";
import { join } from "node:path";
import { build } from "esbuild";
import { blocks } from "../readme.mjs";

/**
 * Serves the page: `/?token=T` shows the price of T in an `<output>`, as `base`, the origin of a service, tells it.
 * @returns {Promise<{origin: string, close: () => void}>}
 */
export async function serveHook(base) {
  const script = await bundle(base.replace("http", "ws"));
  const pages = createServer((request, response) => {
    const isScript = request.url === "/app.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : '<div id="app"></div><script type="module" src="/app.js"></script>');
  });
  await new Promise((resolve) => pages.listen(0, "localhost", resolve));
  return { origin: `http://localhost:${pages.address().port}`, close: () => pages.close() };
}

async function bundle(base) {
  const [hook] = blocks("jsx");
  const app = `
    import { createRoot } from "react-dom/client";
    ${hook.replace("ws://localhost:8787", base)}
    const token = new URLSearchParams(location.search).get("token");
    const App = () => <output>{usePrice(token) ?? "none"}</output>;
    createRoot(document.getElementById("app")).render(<App />);
  `;
  const { outputFiles } = await build({
    stdin: { contents: app, loader: "jsx", resolveDir: join(import.meta.dirname, "..", "..") },
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return outputFiles[0].text;
}
