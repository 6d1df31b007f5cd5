//! The tables of the database and their indexes. They are made where nobody has made them yet, so that whoever deploys with
//! wrangler alone has a service that works. It must not change a table that is there: its columns are for migrations that are
//! not named here.

use std::cell::Cell;

use worker::{D1Database, D1PreparedStatement, Result};

use super::Named;

/// In the order in which they are to be done.
const MIGRATIONS: [&str; 2] = [
    include_str!("../../../migrations/0001_tables.sql"),
    include_str!("../../../migrations/0002_bounds.sql"),
];

/// The last thing that is made: where it is, everything is.
const LAST: &str = "balance_snapshots_by_age";

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
    let all = MIGRATIONS.iter().flat_map(|migration| migration.split(";\n\n"));
    all.map(str::trim).filter(|statement| !statement.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statement_makes_one_thing_unless_it_is_there_or_takes_one_away() {
        for statement in statements() {
            let code: Vec<&str> = statement.lines().filter(|line| !line.starts_with("--")).collect();
            let begins = |word| code.iter().filter(|line| line.starts_with(word)).count();
            assert_eq!(begins("CREATE ") + begins("DROP INDEX IF EXISTS "), 1, "{statement}");
            assert!(code[0].contains(" IF NOT EXISTS ") || code[0].starts_with("DROP "), "{statement}");
        }
        assert!(statements().last().is_some_and(|statement| statement.contains(LAST)));
    }
}
