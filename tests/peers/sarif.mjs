// Our reports in SARIF against the published JSON schema of SARIF 2.1.0, as Microsoft's @microsoft/jest-sarif
// carries it, judged by Ajv.
//
//   node sarif.mjs split OUT VECTOR...    the bundle and trust file of each vector, as files in OUT
//   node sarif.mjs verify FILE...         one line for each file: verified, or refused and why
//   node sarif.mjs faults FILE            one line for each fault put into FILE, which has results: refused, or verified
//   node sarif.mjs codes FILE...          the codes of the results in the files, each once

import Ajv from 'ajv';
import {basename, join} from 'node:path';
import {createRequire} from 'node:module';
import {readFile, writeFile} from 'node:fs/promises';

const require = createRequire(import.meta.url);
// The schema is of draft 4, which this Ajv takes when it is told so.
const ajv = new Ajv({schemaId: 'auto', allErrors: true});
ajv.addMetaSchema(require('ajv/lib/refs/json-schema-draft-04.json'));
const fits = ajv.compile(require('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'));

const faults = {
  'version-of-another': log => log.version = '2.0.0',
  'run-without-tool': log => delete log.runs[0].tool,
  'driver-without-name': log => delete log.runs[0].tool.driver.name,
  'rule-without-id': log => delete log.runs[0].tool.driver.rules[0].id,
  'result-without-message': log => delete log.runs[0].results[0].message,
  'result-of-no-level': log => log.runs[0].results[0].level = 'fatal',
  'result-of-no-rule': log => log.runs[0].results[0].ruleIndex = -2,
  'result-with-more': log => log.runs[0].results[0].verdict = 'rejected',
  'place-that-is-no-uri': log => log.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri = 'a file <b>',
  'invocation-without-end': log => delete log.runs[0].invocations[0].executionSuccessful,
};

const [command, ...given] = process.argv.slice(2);
const commands = {split, verify, faults: spoil, codes};
if(!commands[command]) {
  throw new Error('split, verify, faults or codes is expected');
}
await commands[command](...given);

async function split(out, ...vectors) {
  for(const path of vectors) {
    const {bundle, trust} = await readJson(path);
    const name = join(out, basename(path, '.json'));
    await writeFile(`${name}.json`, JSON.stringify(bundle));
    await writeFile(`${name}.toml`, trust ?? '');
  }
}

async function verify(...paths) {
  for(const path of paths) {
    tell(path, await readJson(path));
  }
}

async function spoil(path) {
  for(const [name, put] of Object.entries(faults)) {
    const log = await readJson(path);
    put(log);
    tell(name, log);
  }
}

async function codes(...paths) {
  const seen = new Set();
  for(const path of paths) {
    for(const {ruleId} of (await readJson(path)).runs[0].results) {
      seen.add(ruleId);
    }
  }
  for(const code of [...seen].sort()) {
    console.log(code);
  }
}

function tell(name, log) {
  const reasons = fits(log) ? [] : fits.errors.map(({dataPath, message}) => `${dataPath} ${message}`);
  console.log(reasons.length > 0 ? `refused\t${name}\t${reasons[0]}` : `verified\t${name}`);
}

async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}
