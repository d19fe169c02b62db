//! Under fire: keepers that are killed, chains that halt, restart, fill up and are reset, stores from backups,
//! keys that are revoked, keepers that are hostile. Money is counted before and after each
//! (`docs/metering.md` has the list).

mod backups;
mod chains;
mod disk;
mod gateways;
mod ground;
mod hostile;
mod keys;
mod kills;
mod life;
mod orders;
mod process;
mod way;
mod weather;
