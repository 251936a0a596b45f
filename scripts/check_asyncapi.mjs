// Check an AsyncAPI document with the AsyncAPI project's own parser. Usage: node check_asyncapi.mjs FILE
import { readFile } from "node:fs/promises";
import { Parser } from "@asyncapi/parser";

const [file] = process.argv.slice(2);
const { document, diagnostics } = await new Parser().parse(await readFile(file, "utf8"));
const faults = diagnostics.filter(({ severity }) => severity <= 1); // errors and warnings
for (const { path, message } of faults) console.error(`${file}: ${path.join(".")}: ${message}`);
if (faults.length > 0 || document === undefined) process.exit(1);
console.log(`${file}: AsyncAPI ${document.version()}, ${document.allMessages().length} messages, no faults`);
