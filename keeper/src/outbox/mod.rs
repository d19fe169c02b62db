//! Queue, signer, broadcaster, confirmer: no transaction is lost or sent twice.
