//! The tables of the database. They are made where nobody has made them yet, so that whoever deploys with wrangler alone has a
//! service that works. It must not change a table that is there: that is for the migrations after the first.

use std::cell::Cell;

use worker::{D1Database, D1PreparedStatement, Result};

use super::Named;

const TABLES: &str = include_str!("../../../migrations/0001_tables.sql");

/// The last thing that is made: where it is, everything is.
const LAST: &str = "alert_rules_fired";

const FIND: &str = "SELECT name FROM sqlite_master WHERE name = ?1";

thread_local! {
    static ARE_THERE: Cell<bool> = const { Cell::new(false) };
}

/// Makes the tables where they are missing: looked at once in the life of an isolate. Several may do so at once.
///
/// # Errors
/// What the database throws.
pub(super) async fn ensure(database: &D1Database) -> Result<()> {
    if ARE_THERE.get() {
        return Ok(());
    }
    let found: Vec<Named> = database.prepare(FIND).bind(&[LAST.into()])?.all().await?.results()?;
    if found.is_empty() {
        let make: Vec<D1PreparedStatement> = statements().map(|text| database.prepare(text)).collect();
        database.batch(make).await?;
    }
    ARE_THERE.set(true);
    Ok(())
}

fn statements() -> impl Iterator<Item = &'static str> {
    TABLES.split(";\n\n").map(str::trim).filter(|statement| !statement.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statement_makes_one_thing_unless_it_is_there() {
        for statement in statements() {
            let code: Vec<&str> = statement.lines().filter(|line| !line.starts_with("--")).collect();
            let begins = code.iter().filter(|line| line.starts_with("CREATE ")).count();
            assert_eq!(begins, 1, "{statement}");
            assert!(code[0].contains(" IF NOT EXISTS "), "{statement}");
        }
        assert!(statements().last().is_some_and(|statement| statement.contains(LAST)));
    }
}
