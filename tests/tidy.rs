//! What ARCHITECTURE.md says of the sources, kept true: which folder knows what, and that each file says what it is
//! for.

#![allow(
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The most lines of a file before its tests.
const MOST_LINES: usize = 300;

/// The runtime's crates, which only `src/edge` and `src/lib.rs` may name.
const RUNTIME_CRATES: [&str; 5] = ["worker", "wasm_bindgen", "js_sys", "web_sys", "worker_sys"];

/// The folders of `src`, each with those that it may call. Calls go one way.
const FOLDERS: [(&str, &[&str]); 5] = [
    ("core", &["core"]),
    ("wire", &["core", "wire"]),
    ("auth", &["core", "auth"]),
    ("ingest", &["core", "wire", "ingest"]),
    ("edge", &["core", "wire", "auth", "ingest", "edge"]),
];

struct Source {
    /// Relative to `src`, with forward slashes.
    path: String,
    text: String,
}

impl Source {
    fn folder(&self) -> Option<&str> {
        self.path.split_once('/').map(|(folder, _)| folder)
    }

    /// The lines of code: no comments.
    fn code(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter(|line| !line.trim_start().starts_with("//"))
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources: Vec<Source> = files(&root)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| Source {
            text: fs::read_to_string(&path).unwrap(),
            path: path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/"),
        })
        .collect();
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(sources.len() > 20, "the sources were found");
    sources
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Whether a line names a crate, and not just a longer word that contains its name.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = &line[start + name.len()..];
        !before.is_some_and(|character| character.is_alphanumeric() || character == '_' || character == '"')
            && after.starts_with("::")
    })
}

#[test]
fn only_edge_and_the_entry_points_know_the_runtime() {
    for source in sources() {
        if source.path == "lib.rs" || source.folder() == Some("edge") {
            continue;
        }
        for line in source.code() {
            for runtime in RUNTIME_CRATES {
                assert!(!names(line, runtime), "{}: {line}", source.path);
            }
        }
    }
}

#[test]
fn calls_go_one_way() {
    for source in sources() {
        let Some(folder) = source.folder() else { continue };
        let Some((_, callable)) = FOLDERS.iter().find(|(name, _)| *name == folder) else {
            panic!("{}: no rule for this folder", source.path);
        };
        for line in source.code() {
            for (other, _) in FOLDERS {
                assert!(callable.contains(&other) || !names(line, other), "{}: {line}", source.path);
            }
        }
    }
}

#[test]
fn every_file_opens_with_what_it_is_for_and_what_it_must_not() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "{} has no opening paragraph", source.path);
        let opening: Vec<_> = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
        let says = opening.join(" ").replace("//!", "").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            says.contains("must not") || source.path == "lib.rs",
            "{} doesn't say what it must not",
            source.path
        );
    }
}

#[test]
fn no_file_grows_past_the_ceiling() {
    for source in sources() {
        let lines = source.text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines before its tests", source.path);
    }
}

#[test]
fn sql_stands_in_the_store_alone() {
    for source in sources() {
        if source.path.starts_with("edge/store/") {
            continue;
        }
        for statement in ["SELECT ", "INSERT INTO", "CREATE TABLE", "DELETE FROM"] {
            assert!(!source.code().any(|line| line.contains(statement)), "{} has SQL", source.path);
        }
    }
}

#[test]
fn the_checks_see_what_they_are_to_see() {
    assert!(names("use worker::Env;", "worker"));
    assert!(names("-> js_sys::Array", "js_sys"));
    assert!(names("use crate::{edge::log, wire::frame};", "edge"));
    assert!(names("use super::super::edge::log;", "edge"));
    assert!(!names("use my_worker::Env;", "worker"));
    assert!(!names("// the worker does", "worker"));
}
