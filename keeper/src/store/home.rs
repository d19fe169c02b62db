//! Of which deployment a store is. A chain that was reset under the same id has other contracts or other
//! domains: its lease numbers mean other leases, and vouchers of before are worth nothing there.

use super::{Store, Tables};
use rusqlite::OptionalExtension as _;

/// Tables of this room.
pub const TABLES: Tables = Tables {
    room: "home",
    versions: &["CREATE TABLE home (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        domain BLOB NOT NULL
    ) STRICT"],
};

/// Passes for the deployment whose escrow has this domain, if it is the one that the store was first used with.
///
/// # Errors
/// If it is another one, or the store fails.
pub fn check(store: &Store, domain: &[u8; 32]) -> anyhow::Result<()> {
    let sql = "SELECT domain FROM home";
    let home: Option<Vec<u8>> =
        store.read(|c| c.query_row(sql, [], |row| row.get(0)).optional())?;
    match home {
        None => store.write(|tx| {
            tx.execute("INSERT INTO home (one, domain) VALUES (1, ?1)", [domain])?;
            Ok(())
        }),
        Some(home) if home == domain => Ok(()),
        Some(home) => anyhow::bail!(
            "the store is of the deployment whose escrow has domain {}, this chain's has {}: was the chain reset? \
             Start with an empty store, and keep this one while its chain may come back",
            hex::encode(home),
            hex::encode(domain)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_stays_with_the_deployment_it_was_first_used_with() {
        let store = Store::in_memory(&[TABLES]).unwrap();
        check(&store, &[1; 32]).unwrap();
        check(&store, &[1; 32]).unwrap();
        let refused = check(&store, &[2; 32]).unwrap_err().to_string();
        assert!(refused.contains("was the chain reset?"), "{refused}");
        check(&store, &[1; 32]).unwrap();
    }
}
