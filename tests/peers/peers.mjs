// Certificates and status lists between us and Digital Bazaar's implementations of eddsa-jcs-2022 and of
// Bitstring Status List.
//
//   node peers.mjs verify [OPTIONS] FILE...        one line for each file: verified, or refused and why
//   node peers.mjs issue  [OPTIONS] FILE OUT       signs FILE (its proof, if any, is dropped) with --seed
//   node peers.mjs bench  [OPTIONS] FILE COUNT     verifications per second, on one thread
//   node peers.mjs bits   [OPTIONS] ON FILE...     verified if the status list FILE is on where ON says, and nowhere else
//   node peers.mjs encode [OPTIONS] FILE OUT       the same status list, its bits encoded anew, signed with --seed
//
//   --context URL=FILE    a context document, as often as needed; the base context is built in
//   --methods FILE        {"did:web:…": ["z6Mk…", …]}: the keys of each did:web
//   --seed HEX            the 32 bytes of an Ed25519 seed
//
// Whether a credential is in its validity period is asked as of its proof's `created`, so that an example
// does not fail on the day it expires. Nothing is fetched: contexts, did:key and did:web are all resolved from what is given here.

import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as lists from '@digitalbazaar/vc-bitstring-status-list';
import * as vc from '@digitalbazaar/vc';
import {createSignCryptosuite, createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {readFile, writeFile} from 'node:fs/promises';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import jsonld from 'jsonld';
import {parseArgs} from 'node:util';

const DID_CONTEXT = 'https://www.w3.org/ns/did/v1';
const LIST_BITS = 131072;
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

const commands = {verify, issue, bench, bits, encode};
if(!commands[command]) {
  throw new Error('verify, issue, bench, bits or encode is expected');
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
  await sign(credential, out);
}

async function sign(credential, out) {
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

async function bits(on, ...paths) {
  const expected = await readJson(on);
  for(const path of paths) {
    const {credentialSubject: {encodedList, statusPurpose}} = await readJson(path);
    const list = await lists.decodeList({encodedList});
    const found = [];
    for(let i = 0; i < list.length; ++i) {
      if(list.getStatus(i)) {
        found.push(i);
      }
    }
    const wanted = expected[statusPurpose];
    let reason = list.length !== LIST_BITS ? `it has ${list.length} bits` : '';
    reason ||= found.join() !== wanted.join() ? `on are ${found}, not ${wanted}` : '';
    // What a holder of a certificate would ask for: signature, purpose, issuer and bit in one.
    const asked = [...wanted, ...wanted.map(i => i + 1), LIST_BITS - 1];
    for(const index of asked) {
      reason ||= await statusFault(path, statusPurpose, index, wanted.includes(index));
    }
    console.log(reason ? `refused\t${path}\t${reason}` : `verified\t${path}`);
  }
}

// Why the status of a certificate that names this list and index is not as expected.
async function statusFault(path, statusPurpose, index, expected) {
  const document = await readJson(path);
  const url = 'https://registry.example/list';
  const credential = {
    '@context': ['https://www.w3.org/ns/credentials/v2'], type: ['VerifiableCredential'], issuer: document.issuer,
    credentialSubject: {},
    credentialStatus: {
      type: 'BitstringStatusListEntry', statusPurpose, statusListIndex: `${index}`, statusListCredential: url,
    },
  };
  const loader = asked => asked === url ? {contextUrl: null, documentUrl: url, document} : documentLoader(asked);
  const {error, results} = await lists.checkStatus({credential, suite: verifier(), documentLoader: loader});
  const status = results?.[0].status;
  return status === expected ? '' : `the status of ${index} is ${status}: ${error?.message}`;
}

async function encode(path, out) {
  const {proof: _dropped, ...credential} = await readJson(path);
  const subject = credential.credentialSubject;
  const theirs = await lists.decodeList({encodedList: subject.encodedList});
  const list = await lists.createList({length: LIST_BITS});
  for(let i = 0; i < LIST_BITS; ++i) {
    list.setStatus(i, theirs.getStatus(i));
  }
  const encodedList = await list.encode();
  await sign({...credential, credentialSubject: {...subject, encodedList}}, out);
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
