//! Writes the vectors and the published schemas under `proto-docs`, and what is kept beside the corridors of
//! `examples`: `make vectors`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let docs = root.join("proto-docs");
    let write = |folder: &str, name: &str, value: &serde_json::Value| {
        let folder = docs.join(folder);
        std::fs::create_dir_all(&folder)?;
        let text = serde_json::to_string_pretty(value).map_err(std::io::Error::other)?;
        std::fs::write(folder.join(name), text + "\n")
    };
    for vector in conformance::vectors::all() {
        write("vectors", &format!("{}.json", vector.name), &vector.to_json())?;
    }
    for (name, schema) in ytterby::published_schemas() {
        write("schemas", &name, &schema)?;
    }
    write("values", "certificate.json", &conformance::vectors::intermediate())?;
    write("values", "content.json", &conformance::vectors::contents())?;
    write("values", "screening.json", &conformance::vectors::screening())?;
    std::fs::write(docs.join("findings.md"), conformance::vectors::findings_document())?;
    for (file, bytes) in conformance::kept::files() {
        std::fs::write(root.join(file), bytes)?;
    }
    Ok(())
}
