"""Our log, receipts and proofs of growth, judged by packages of others.

    log.py PEER WHAT FILE        one line for each case: verified, or refused and why

PEER is scitt-cose or sigstore. WHAT is receipts (each line of FILE a case), growth, tree (beside FILE lies
entries.json), or limits: what a peer is known not to take. The texts are taken apart here, from their
specifications; hashes, proofs and signatures are left to the peers.
"""

import base64
import hashlib
import json
import pathlib
import sys

# An Ed25519 key in DER is this, and the 32 bytes of the key.
ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")


def read_receipt(text):
    """Index, hashes and checkpoint of a C2SP tlog-proof."""
    head, _, checkpoint = text.partition("\n\n")
    header, index, *hashes = head.split("\n")
    if header != "c2sp.org/tlog-proof@v1":
        raise ValueError(f"not a tlog-proof: {header}")
    return int(index.removeprefix("index ")), [base64.b64decode(line) for line in hashes], checkpoint


def spki(verifier_key):
    """The key of a log in DER, from its C2SP text."""
    kind, *key = base64.b64decode(verifier_key.split("+", 2)[2])
    if kind != 1:
        raise ValueError("not an Ed25519 key")
    return ED25519_SPKI + bytes(key)


def read_head(checkpoint):
    """Size and root of a checkpoint."""
    _, size, root = checkpoint.split("\n")[:3]
    return int(size), base64.b64decode(root)


class ScittCose:
    """Inclusion, consistency and roots: it reads no checkpoint, and is asked about no signature."""

    def __init__(self):
        import scitt_cose

        self.peer = scitt_cose

    def receipt(self, case):
        index, hashes, checkpoint = read_receipt(case["proof"])
        size, root = read_head(checkpoint)
        entry = case["entry"].encode().hex()
        return self.peer.verify_inclusion(entry, index, size, [one.hex() for one in hashes], root.hex())

    def growth(self, case):
        head, _, checkpoint = case["request"].partition("\n\n")
        old, *hashes = head.split("\n")
        old_size, old_root = read_head(case["old"])
        if old != f"old {old_size}":
            raise ValueError("the request is not from the older checkpoint on")
        size, root = read_head(checkpoint)
        proof = [base64.b64decode(line).hex() for line in hashes]
        return self.peer.verify_consistency(old_root.hex(), root.hex(), old_size, size, proof)

    def tree(self, case, entries):
        part = entries[case["from"] : case["to"]]
        return self.peer.merkle_root(part) == base64.b64decode(case["hash"]).hex()

    def limits(self, case):
        """A receipt of ours is no COSE receipt."""
        der = base64.encodebytes(spki(case["key"])).decode()
        key = f"-----BEGIN PUBLIC KEY-----\n{der}-----END PUBLIC KEY-----\n"
        leaf = case["entry"].encode().hex()
        result = self.peer.verify_receipt(case["proof"].encode(), leaf_entry_hex=leaf, log_public_key_pem=key)
        return "cose-receipt", result.ok, "; ".join(map(str, result.errors))


class Sigstore:
    """What its verifier calls for a log entry: Merkle proof, then checkpoint. The entry is bytes to it."""

    def __init__(self):
        from sigstore._internal.trust import Keyring
        from sigstore.models import TransparencyLogEntry
        from sigstore_models.common.v1 import PublicKey, PublicKeyDetails
        from sigstore_models.rekor import v1 as rekor

        self.keyring, self.entry, self.rekor = Keyring, TransparencyLogEntry, rekor
        self.public_key, self.ed25519 = PublicKey, PublicKeyDetails.PKIX_ED25519

    def key(self, verifier_key):
        """Its keyring of one key, and the ID under which a signed note names that."""
        name, _, rest = verifier_key.split("+", 2)
        der = base64.b64encode(spki(verifier_key))
        keyring = self.keyring([self.public_key(raw_bytes=der, key_details=self.ed25519)])
        return keyring, hashlib.sha256(name.encode() + b"\n" + base64.b64decode(rest)).digest()

    def receipt(self, case):
        index, hashes, checkpoint = read_receipt(case["proof"])
        size, root = read_head(checkpoint)
        keyring, log_id = self.key(case["key"])
        entry = self.rekor.TransparencyLogEntry(
            log_index=str(index),
            log_id={"key_id": base64.b64encode(log_id)},
            kind_version=self.rekor.KindVersion(kind="certificate", version="1"),
            inclusion_proof=self.rekor.InclusionProof(
                log_index=str(index),
                root_hash=base64.b64encode(root),
                tree_size=str(size),
                hashes=[base64.b64encode(one) for one in hashes],
                checkpoint=self.rekor.Checkpoint(envelope=checkpoint),
            ),
            canonicalized_body=base64.b64encode(case["entry"].encode()),
        )
        self.entry(entry)._verify(keyring)
        return True

    def limits(self, case):
        """Its public way in takes entries of Rekor only."""
        index, hashes, checkpoint = read_receipt(case["proof"])
        size, root = read_head(checkpoint)
        proof = {"logIndex": index, "rootHash": root.hex(), "treeSize": size, "checkpoint": checkpoint}
        proof["hashes"] = [one.hex() for one in hashes]
        body = base64.b64encode(case["entry"].encode())
        _, log_id = self.key(case["key"])
        answer = {"body": body, "logIndex": index, "logID": log_id.hex(), "integratedTime": 0}
        answer["verification"] = {"inclusionProof": proof, "signedEntryTimestamp": base64.b64encode(b"-")}
        try:
            self.entry._from_v1_response({"": answer})
        except Exception as error:
            return "rekor-entry", False, first_line(error)
        return "rekor-entry", True, ""


def first_line(error):
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def judge(question, case):
    """One line: a peer that returns false, or raises, refuses."""
    name = case.get("fault") or case["name"]
    try:
        verified, reason = question(case), "it says no"
    except Exception as error:
        verified, reason = False, first_line(error)
    return f"verified\t{name}" if verified else f"refused\t{name}\t{reason}"


def main(peer, what, file):
    peer = {"scitt-cose": ScittCose, "sigstore": Sigstore}[peer]()
    file = pathlib.Path(file)
    cases = [json.loads(line) for line in file.read_text().splitlines()]
    if what == "limits":
        name, verified, reason = peer.limits(cases[0])
        print(f"verified\t{name}" if verified else f"refused\t{name}\t{reason}")
        return
    question = {"receipts": "receipt", "growth": "growth", "tree": "tree"}[what]
    question = getattr(peer, question)
    if what == "tree":
        entries = [one.encode().hex() for one in json.loads(file.with_name("entries.json").read_text())]
        tree = question
        question = lambda case: tree(case, entries)
    for case in cases:
        print(judge(question, case))


if __name__ == "__main__":
    main(*sys.argv[1:])
