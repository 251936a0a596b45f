// Check CycloneDX 1.6 documents with the CycloneDX project's validator for JavaScript; the one that wrote them is for
// Python. Usage: node check_sboms.mjs FILE…
import { readFile } from "node:fs/promises";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";

const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
let refused = 0;
for (const file of process.argv.slice(2)) {
  const faults = (await validator.validate(await readFile(file, "utf8"))) ?? [];
  for (const { instancePath, message } of faults) console.error(`${file}: ${instancePath}: ${message}`);
  if (faults.length === 0) console.log(`${file}: valid CycloneDX 1.6`);
  else refused += 1;
}
process.exit(refused === 0 ? 0 : 1);
