//! Stamps the commit into the build, and fails it when wrangler.toml and the code disagree about a name.

#[path = "src/edge/bindings.rs"]
#[allow(dead_code, reason = "the crate uses the rest")]
mod bindings;

use std::process::Command;
use std::{env, fs};

use toml::{Table, Value};

const CONFIGURATION: &str = "wrangler.toml";

fn main() {
    println!("cargo::rerun-if-changed={CONFIGURATION}");
    println!("cargo::rerun-if-changed=src/edge/bindings.rs");
    println!("cargo::rustc-env=GLOW_COMMIT={}", commit());
    for disagreement in disagreements() {
        println!("cargo::error={CONFIGURATION}: {disagreement}");
    }
}

/// The commit, from `GLOW_COMMIT` where the sources are built without their repository.
fn commit() -> String {
    println!("cargo::rerun-if-env-changed=GLOW_COMMIT");
    for file in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", file]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    env::var("GLOW_COMMIT")
        .ok()
        .or_else(|| git(&["rev-parse", "--short=12", "HEAD"]))
        .unwrap_or_else(|| "unknown".to_owned())
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn disagreements() -> Vec<String> {
    let text = match fs::read_to_string(CONFIGURATION) {
        Ok(text) => text,
        Err(error) => return vec![error.to_string()],
    };
    let root: Table = match text.parse() {
        Ok(root) => root,
        Err(error) => return vec![error.to_string()],
    };
    let environments = root.get("env").and_then(Value::as_table).into_iter().flatten();
    let named = environments.filter_map(|(name, value)| Some((format!("env.{name}: "), value.as_table()?)));
    std::iter::once((String::new(), &root))
        .chain(named)
        .flat_map(|(place, table)| check(table).into_iter().map(move |fault| format!("{place}{fault}")))
        .collect()
}

/// What one environment of the configuration has to agree on. Wrangler inherits neither bindings nor variables, so
/// each has to name them.
fn check(table: &Table) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, class) in bindings::OBJECTS {
        if !bound_classes(table).contains(&(name, class)) {
            faults
                .push(format!("durable_objects.bindings lacks name = \"{name}\", class_name = \"{class}\""));
        }
        if !migrated_classes(table).contains(&class) {
            faults.push(format!("no migration has new_sqlite_classes = [\"{class}\"]"));
        }
    }
    for (name, class) in bound_classes(table) {
        if !bindings::OBJECTS.contains(&(name, class)) {
            faults.push(format!("the code knows no binding {name} of a class {class}"));
        }
    }
    for (kind, field, name) in bindings::STORES {
        let entries = table.get(kind).and_then(Value::as_array).into_iter().flatten();
        if !entries.filter_map(|entry| entry.get(field)?.as_str()).any(|bound| bound == name) {
            faults.push(format!("{kind} lacks {field} = \"{name}\""));
        }
    }
    let assets = table.get("assets").and_then(|assets| assets.get("binding")).and_then(Value::as_str);
    if assets != Some(bindings::ASSETS_BINDING) {
        faults.push(format!("assets.binding is not \"{}\"", bindings::ASSETS_BINDING));
    }
    for variable in table.get("vars").and_then(Value::as_table).into_iter().flat_map(Table::keys) {
        if !bindings::VARIABLES.contains(&variable.as_str()) {
            faults.push(format!("the code knows no variable {variable} (secrets don't belong here)"));
        }
    }
    faults
}

fn migrated_classes(table: &Table) -> Vec<&str> {
    let migrations = table.get("migrations").and_then(Value::as_array).into_iter().flatten();
    let classes = migrations.filter_map(|migration| migration.get("new_sqlite_classes")?.as_array());
    classes.flatten().filter_map(Value::as_str).collect()
}

fn bound_classes(table: &Table) -> Vec<(&str, &str)> {
    let objects = table.get("durable_objects").and_then(|objects| objects.get("bindings"));
    objects
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|binding| Some((binding.get("name")?.as_str()?, binding.get("class_name")?.as_str()?)))
        .collect()
}
