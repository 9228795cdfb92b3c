//! The floors of the library: a module uses lower floors only.
//!
//! wire 0 · codec, message, clock 1 · rest, store 2 · portal 3 · ingest 4 · dispatch 5 · app, testing 6. A trait is declared
//! on the floor that calls it and implemented above.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    path::{Path, PathBuf},
};

const FLOORS: [(&str, u8); 11] = [
    ("wire", 0),
    ("codec", 1),
    ("message", 1),
    ("clock", 1),
    ("rest", 2),
    ("store", 2),
    ("portal", 3),
    ("ingest", 4),
    ("dispatch", 5),
    ("app", 6),
    ("testing", 6),
];

/// Crate-wide modules without a floor: they may be used anywhere, and only these two may use everything.
const FLOORLESS: [&str; 2] = ["prelude", "error"];

fn floor_of(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// Every module named after `crate::` in code: by path, and in each arm of a `use crate::{…}` tree.
fn crate_paths(source: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    // Comments may link upwards: they are blanked out, keeping their place.
    let code: String = source
        .lines()
        .map(|line| match line.find("//") {
            Some(start) if !line[..start].contains('"') => format!("{}\n", &line[..start]),
            _ => format!("{line}\n"),
        })
        .collect();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '_') {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + "crate::".len()..];
        if let Some(tree) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut arm = String::new();
            let mut offset = 0;
            for (index, symbol) in tree.char_indices() {
                match symbol {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 || (depth == 1 && symbol == ',') {
                    let name = first_word(&arm);
                    if !name.is_empty() {
                        found.push((line + tree[..offset].matches('\n').count(), name));
                    }
                    arm.clear();
                    offset = index + 1;
                    if depth == 0 {
                        break;
                    }
                } else {
                    if arm.trim().is_empty() {
                        offset = index;
                    }
                    arm.push(symbol);
                }
            }
        } else {
            found.push((line, first_word(rest)));
        }
    }
    found
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|symbol| symbol.is_alphanumeric() || *symbol == '_').collect()
}

/// The breaches in one file of `module`: line and rule.
fn breaches(module: &str, source: &str) -> Vec<String> {
    let own =
        floor_of(module).unwrap_or_else(|| panic!("module `{module}` has no floor: give it one in FLOORS"));
    crate_paths(source)
        .into_iter()
        .filter(|(_, used)| used != module && !FLOORLESS.contains(&used.as_str()))
        .filter_map(|(line, used)| {
            let floor = floor_of(&used)?;
            (floor >= own).then(|| {
                format!("line {line}: `{module}` (floor {own}) uses `{used}` (floor {floor}): a module uses lower floors only")
            })
        })
        .collect()
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("src is readable") {
        let path = entry.expect("src is readable").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn every_module_uses_lower_floors_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut read = 0;
    for file in sources(&root) {
        let inner = file.strip_prefix(&root).expect("below src");
        let module =
            inner.components().next().expect("a name").as_os_str().to_string_lossy().replace(".rs", "");
        if module == "lib" || FLOORLESS.contains(&module.as_str()) {
            continue;
        }
        let source = fs::read_to_string(&file).expect("readable");
        read += 1;
        wrong.extend(
            breaches(&module, &source).into_iter().map(|breach| format!("src/{}: {breach}", inner.display())),
        );
    }
    assert!(read >= 10, "only {read} files were read");
    assert!(wrong.is_empty(), "floors are broken:\n{}", wrong.join("\n"));
}

#[test]
fn a_broken_floor_is_reported_with_its_line_and_the_rule() {
    let source = "//! See [`Engine`](crate::dispatch::Engine).\nuse std::fmt;\nuse crate::{\n    store::{Lease, Seq},\n    dispatch::Engine,\n};\n";
    assert_eq!(
        breaches("rest", source),
        [
            "line 4: `rest` (floor 2) uses `store` (floor 2): a module uses lower floors only",
            "line 5: `rest` (floor 2) uses `dispatch` (floor 5): a module uses lower floors only",
        ]
    );
    assert_eq!(breaches("wire", "fn f() -> crate::codec::Form { todo() }\n").len(), 1);
    assert!(breaches("dispatch", "use crate::{rest::Api, store::Store, wire::Event};\n").is_empty());
}

#[test]
fn the_emulator_shares_no_code_with_the_library() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("emulator/Cargo.toml")).expect("readable");
    let depends = manifest.lines().map(str::trim).filter(|line| {
        line.starts_with("openlines ") || line.starts_with("openlines.") || line.starts_with("openlines=")
    });
    assert_eq!(depends.count(), 0, "emulator/Cargo.toml depends on openlines");
    let tree = std::process::Command::new(env!("CARGO"))
        .args(["tree", "-p", "openlines-emulator", "-e", "normal", "--prefix", "none", "--offline"])
        .current_dir(root)
        .output()
        .expect("cargo runs");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8_lossy(&tree.stdout);
    assert!(tree.lines().any(|line| line.starts_with("openlines-emulator ")));
    assert!(!tree.lines().any(|line| line.starts_with("openlines ")), "{tree}");
    for file in sources(&root.join("emulator/src")) {
        let source = fs::read_to_string(&file).expect("readable");
        let names = source.match_indices("openlines::").filter(|(at, _)| {
            !source[..*at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
        });
        assert_eq!(names.count(), 0, "{} names the library", file.display());
    }
}
