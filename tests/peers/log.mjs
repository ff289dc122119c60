// Receipts of our log, judged by the JavaScript client of Sigstore.
//
//   node log.mjs receipts FILE    one line for each case, a line of FILE: verified, or refused and why
//   node log.mjs limits FILE      what its public way in is known not to take, with the first case
//
// `verifyTLogInclusion` is what its `Verifier` calls for each entry of a log: checkpoint, then Merkle proof.
// The text of a receipt is taken apart here, from its specification.

import {createHash, createPublicKey} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {Verifier} from '@sigstore/verify';
import {verifyTLogInclusion} from '@sigstore/verify/dist/tlog/index.js';

const [command, file] = process.argv.slice(2);
const cases = (await readFile(file, 'utf8')).trimEnd().split('\n').map(line => JSON.parse(line));
const commands = {receipts, limits};
commands[command]();

function receipts() {
  for(const found of cases) {
    const name = found.fault || found.name;
    try {
      verifyTLogInclusion(entry(found), [authority(found.key)]);
      console.log(`verified\t${name}`);
    } catch(error) {
      console.log(`refused\t${name}\t${error.code ?? error.name}: ${error.message}`);
    }
  }
}

// Everything that the public function looks at before the body of the entry is good.
function limits() {
  const [found] = cases;
  const tlogEntry = entry(found);
  const {publicKey} = authority(found.key);
  const trust = {
    tlogs: [authority(found.key)], ctlogs: [], timestampAuthorities: [], certificateAuthorities: [],
    publicKey: () => ({publicKey, validFor: () => true}),
  };
  const entity = {
    key: {$case: 'public-key', hint: 'ours'}, timestamps: [], tlogEntries: [tlogEntry],
    signature: {compareSignature: () => true, compareDigest: () => true, verifySignature: () => true},
  };
  try {
    new Verifier(trust, {tlogThreshold: 1, ctlogThreshold: 0, timestampThreshold: 0}).verify(entity);
    console.log('verified\trekor-entry');
  } catch(error) {
    const word = error.code === 'TLOG_BODY_ERROR' ? 'refused' : 'failed';
    console.log(`${word}\trekor-entry\t${error.code ?? error.name}: ${error.message}`);
  }
}

function entry({proof, entry: body}) {
  const end = proof.indexOf('\n\n');
  const [header, index, ...hashes] = proof.slice(0, end).split('\n');
  if(header !== 'c2sp.org/tlog-proof@v1') {
    throw new Error(`not a tlog-proof: ${header}`);
  }
  const logIndex = index.slice('index '.length);
  const envelope = proof.slice(end + 2);
  return {
    logIndex, kindVersion: {kind: JSON.parse(body.startsWith('{') ? body : '{}').kind, version: undefined},
    canonicalizedBody: Buffer.from(body),
    inclusionProof: {logIndex, hashes: hashes.map(line => Buffer.from(line, 'base64')), checkpoint: {envelope}},
  };
}

// A log as its trust root names it: the ID of the key, what signed notes call it, and the key.
function authority(verifierKey) {
  const [name, , ...rest] = verifierKey.split('+');
  const kindAndKey = Buffer.from(rest.join('+'), 'base64');
  if(kindAndKey[0] !== 1) {
    throw new Error('not an Ed25519 key');
  }
  const jwk = {kty: 'OKP', crv: 'Ed25519', x: kindAndKey.subarray(1).toString('base64url')};
  return {
    logID: createHash('sha256').update(`${name}\n`).update(kindAndKey).digest(),
    baseURL: `https://${name}`,
    publicKey: createPublicKey({key: jwk, format: 'jwk'}),
    validFor: {start: new Date(0), end: new Date(8.64e15)},
  };
}
