//! Takes the stock components out of the target folder, where they stand. Where one is missing the crate compiles all
//! the same, so that checks and documentation work on a fresh clone.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The stock plugins: the component's file name without its ending, and the plugin's name.
const STOCK: [(&str, &str); 3] = [
    ("connectwise", "connectwise"),
    ("connectwise_mapping", "connectwise-mapping"),
    ("dovetail_rules", "rules"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let folder = target(&out)?.join("guests").join("components");
    // A file that is not there would count as changed in each build; the folder changes when a file appears.
    std::fs::create_dir_all(&folder)?;
    let mut list = String::from("&[\n");
    for (file, name) in STOCK {
        let built = folder.join(file).with_extension("wasm");
        let watched = if built.exists() { &built } else { &folder };
        println!("cargo::rerun-if-changed={}", watched.display());
        let bytes = if built.exists() {
            std::fs::copy(&built, out.join(format!("{file}.wasm")))?;
            format!("Some(include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}.wasm\")))")
        } else {
            "None".to_owned()
        };
        writeln!(list, "    ({name:?}, {bytes}),")?;
    }
    list.push(']');
    std::fs::write(out.join("stock.rs"), list)?;
    Ok(())
}

/// The target folder: cargo marks it. `CARGO_TARGET_DIR` may be relative to a folder that is not known here.
fn target(out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let marked = out
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").exists());
    // Out of `target/PROFILE/build/PACKAGE/out`.
    let found = marked
        .or_else(|| out.ancestors().nth(4))
        .ok_or("the build folder has no target folder above it")?;
    Ok(found.to_owned())
}
