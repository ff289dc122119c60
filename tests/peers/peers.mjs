// Certificates between us and Digital Bazaar's implementation of eddsa-jcs-2022.
//
//   node peers.mjs verify [OPTIONS] FILE...        one line for each file: verified, or refused and why
//   node peers.mjs issue  [OPTIONS] FILE OUT       signs FILE (its proof, if any, is dropped) with --seed
//   node peers.mjs bench  [OPTIONS] FILE COUNT     verifications per second, on one thread
//
//   --context URL=FILE    a context document, as often as needed; the base context is built in
//   --methods FILE        {"did:web:…": ["z6Mk…", …]}: the keys of each did:web
//   --seed HEX            the 32 bytes of an Ed25519 seed
//
// Whether a credential is in its validity period is asked as of its proof's `created`, so that an example
// does not fail on the day it expires. Nothing is fetched: contexts, did:key and did:web are all resolved from what is given here.

import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as vc from '@digitalbazaar/vc';
import {createSignCryptosuite, createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {readFile, writeFile} from 'node:fs/promises';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import jsonld from 'jsonld';
import {parseArgs} from 'node:util';

const DID_CONTEXT = 'https://www.w3.org/ns/did/v1';
const MULTIKEY_CONTEXT = 'https://w3id.org/security/multikey/v1';

const {values: options, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    context: {type: 'string', multiple: true, default: []},
    methods: {type: 'string'},
    seed: {type: 'string'},
  },
});
const [command, ...files] = positionals;
const contexts = new Map();
for(const given of options.context) {
  const at = given.indexOf('=');
  contexts.set(given.slice(0, at), await readJson(given.slice(at + 1)));
}
const methods = options.methods ? await readJson(options.methods) : {};

const commands = {verify, issue, bench};
if(!commands[command]) {
  throw new Error('verify, issue or bench is expected');
}
await commands[command](...files);

async function verify(...paths) {
  for(const path of paths) {
    const reason = await fault(await readJson(path));
    console.log(reason ? `refused\t${path}\t${reason}` : `verified\t${path}`);
  }
}

async function issue(path, out) {
  const {proof: _dropped, ...credential} = await readJson(path);
  const issuer = typeof credential.issuer === 'string' ? credential.issuer : credential.issuer.id;
  const key = await Ed25519Multikey.generate({seed: Buffer.from(options.seed, 'hex')});
  const {publicKeyMultibase} = await key.export({publicKey: true});
  const did = issuer.startsWith('did:key:') ? `did:key:${publicKeyMultibase}` : issuer;
  if(typeof credential.issuer === 'string') {
    credential.issuer = did;
  } else {
    credential.issuer = {...credential.issuer, id: did};
  }
  const signer = {...key.signer(), id: `${did}#${publicKeyMultibase}`};
  const suite = new DataIntegrityProof({signer, cryptosuite: createSignCryptosuite()});
  const signed = await vc.issue({credential, suite, documentLoader});
  await writeFile(out, JSON.stringify(signed, null, 2));
  console.log(`issued\t${out}`);
}

async function bench(path, count) {
  const credential = await readJson(path);
  const times = Number(count);
  const suite = verifier();
  const start = performance.now();
  for(let i = 0; i < times; ++i) {
    const {verified, error} = await check(credential, suite);
    if(!verified) {
      throw error;
    }
  }
  const seconds = (performance.now() - start) / 1000;
  console.log(`${Math.round(times / seconds)} verifications/s (${times} in ${seconds.toFixed(2)} s, one thread)`);
}

// Why a credential is refused; nothing if it verifies and its contexts define every term of it.
async function fault(credential) {
  const {verified, error} = await check(credential, verifier());
  if(!verified) {
    return (error.errors?.[0] ?? error).message.split('\n')[0];
  }
  try {
    await jsonld.expand(credential, {documentLoader, safe: true});
  } catch(e) {
    return `JSON-LD: ${e.details?.event?.message ?? e.message} ${JSON.stringify(e.details?.event?.details ?? '')}`;
  }
}

function check(credential, suite) {
  const now = credential.proof?.created ?? new Date();
  return vc.verifyCredential({credential, suite, documentLoader, now});
}

function verifier() {
  return new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()});
}

// The whole world that a verifier may ask about.
async function documentLoader(url) {
  const found = document => ({contextUrl: null, documentUrl: url, document});
  if(contexts.has(url)) {
    return found(contexts.get(url));
  }
  const [did, fragment] = url.split('#');
  const keys = did.startsWith('did:key:') ? [did.slice('did:key:'.length)] : methods[did];
  if(!keys) {
    return vc.defaultDocumentLoader(url);
  }
  const method = key => ({
    '@context': MULTIKEY_CONTEXT, id: `${did}#${key}`, type: 'Multikey', controller: did, publicKeyMultibase: key,
  });
  if(fragment === undefined) {
    return found({'@context': [DID_CONTEXT, MULTIKEY_CONTEXT], id: did, assertionMethod: keys.map(method)});
  }
  if(!keys.includes(fragment)) {
    throw new Error(`${did} has no key ${fragment}`);
  }
  return found(method(fragment));
}

async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}
